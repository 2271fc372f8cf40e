"""Runs a night without Airflow."""

from mangnon.intake import steps
from mangnon.publishing import phases


def do_night() -> int | None:
    """Loads the files in the inbox and publishes them. Returns the release id, or None if nothing changed."""
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()
    return phases.publish_all()
