"""Which rules of gate 2 are tried where."""

# They compare areas with their own past and with the province, and so need years of their own: test_area_rules.py.
AREA_RULES = ("area_unlike_year_before", "incidents_unlike_months_before", "incidents_unlike_province")
