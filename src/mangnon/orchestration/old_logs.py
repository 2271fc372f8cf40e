"""Airflow's old logs, which Airflow itself keeps for ever."""

import time
from contextlib import suppress

from mangnon.orchestration.api import folder


def prune_logs(days: int) -> int:
    """Removes Airflow's logs to which nothing was added for so many days, and the folders that this leaves empty.

    Returns how many files are gone.
    """
    logs, oldest = folder() / "logs", time.time() - days * 86_400
    old = [path for path in logs.rglob("*") if path.is_file() and path.stat().st_mtime < oldest]
    for path in old:
        path.unlink(missing_ok=True)
        for parent in path.relative_to(logs).parents[:-1]:
            with suppress(OSError):  # others are in it
                (logs / parent).rmdir()
    return len(old)
