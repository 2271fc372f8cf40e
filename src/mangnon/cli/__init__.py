"""The command line: one module per subject, and the helpers that only commands use."""
