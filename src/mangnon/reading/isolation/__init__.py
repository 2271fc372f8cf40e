"""Isolation: every file is opened and read in a process of its own, so that no file can stop another."""
