"""Telling: what reporters get back, who is reminded, and how it reaches them."""
