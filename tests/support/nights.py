"""A night without Airflow."""

from mangnon import night, publish


def do_night() -> int | None:
    """Takes what lies in the inbox, and publishes; the release, or None when nothing changed."""
    for reporter in night.collect():
        night.load(reporter)
    night.close()
    return publish.publish_all(say=lambda _: None)
