"""What readers know while a candidate is judged, in the SQL of gate 2."""

TODAY = "(now() at time zone 'Asia/Ho_Chi_Minh')::date"
THIS_MONTH = "date_trunc('month', now() at time zone 'Asia/Ho_Chi_Minh')"
# The release that readers see while the candidate is judged, and the loads that count in it.
PUBLISHED = "(select release_id from ops.published_release)"
PUBLISHED_LOADS = "ops.published_release cross join lateral ops.loads_in_release(release_id)"
LAST_PUBLISHED_PERIOD = f"""(
    select max(period) from core.computed_reporting_rates where release_id = {PUBLISHED} and is_counted
)"""
