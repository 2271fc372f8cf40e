"""Măng Non: a data warehouse for child-protection reporting in a Vietnamese province."""
