"""Reading: from a file to typed rows, without a database."""
