"""Watching: whether everything is well, read from the ledger and from the machine, and said to those who can act."""
