"""Runs a night without Airflow."""

from mangnon import warehouse
from mangnon.intake import steps
from mangnon.publishing import phases


def do_night() -> int | None:
    """Loads the files in the inbox and publishes them. Returns the release id, or None if nothing changed."""
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()
    return phases.publish_all()


def move_into_one_month() -> None:
    """Gives all releases times of one month: pruning keeps the last one of each, and real nights may fall into two."""
    with warehouse.connect() as connection:
        connection.execute(
            "update ops.releases set published_at = timestamptz '2021-01-10' + release_id * interval '1 hour' "
            "where state = 'published'"
        )
