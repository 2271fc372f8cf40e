"""Gate 2: the rules that judge a release as BI would see it."""
