"""A night without Airflow."""

from mangnon.intake import steps
from mangnon.publishing import phases


def do_night() -> int | None:
    """Takes what lies in the inbox, and publishes; the release, or None when nothing changed."""
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()
    return phases.publish_all()
