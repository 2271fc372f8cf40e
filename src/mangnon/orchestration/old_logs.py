"""Removes Airflow's old logs, which Airflow itself keeps for ever."""

import time
from contextlib import suppress

from mangnon.orchestration.api import folder


def prune_logs(days: int) -> int:
    """Removes Airflow's logs that have not changed for so many days, and the folders that are empty afterwards.

    Returns the number of removed files.
    """
    logs, oldest = folder() / "logs", time.time() - days * 86_400
    old = [path for path in logs.rglob("*") if path.is_file() and path.stat().st_mtime < oldest]
    for path in old:
        path.unlink(missing_ok=True)
        for parent in path.relative_to(logs).parents[:-1]:
            with suppress(OSError):  # the folder is not empty
                (logs / parent).rmdir()
    return len(old)
