"""Gate 1: the rules that judge each load."""
