"""Intake: from the inbox into the archive, and from the archive into the tables of raw."""
