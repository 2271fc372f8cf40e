"""The kinds of files that are read, each opened by a module of its own."""
