"""The ledger: which loads there are, which of them count, and which release shows them."""
