"""The kinds of files that can be read: one module opens each."""
