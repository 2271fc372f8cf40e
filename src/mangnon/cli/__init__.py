"""The command line: one file a subject, and what belongs to nobody else who runs commands."""
