"""Rules of gate 2 that have a test module of their own."""

# They compare an area with its own past and with the province, so test_area_rules.py tests them on years of their own.
AREA_RULES = ("area_unlike_year_before", "incidents_unlike_months_before", "incidents_unlike_province")
