"""What tests that compare all marts have to know of them."""

# They speak of all releases, so each publishing adds rows to them, and looking back does not change them.
OF_ALL_RELEASES = (
    "releases", "release_changes", "release_change_loads",
    "annual_report_history", "periodic_figures_history", "reporting_rates_history",
)  # fmt: skip
# They are the same whichever release one looks at.
OF_NO_RELEASE = ("dim_dates", "code_labels")
