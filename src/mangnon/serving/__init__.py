"""Serving: what people read of a release, made from the marts and the ledger."""
