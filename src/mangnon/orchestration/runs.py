"""Runs nights and backfills in Airflow, as a user would ask for them, and waits until they have ended."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, cast
from urllib.parse import urlencode

from mangnon.orchestration.api import (
    SECONDS_FOR_A_NIGHT,
    ServiceError,
    address,
    ask,
    folder,
    pause,
    trigger,
    wait,
    wait_for,
)
from mangnon.orchestration.services import NIGHTLY, down, is_up, up

progress = logging.getLogger("mangnon.progress")

PUBLISHING = "publish_marts"
TELLING = "tell_reporters"
REPROCESSING = "reprocess_periods"
MONTHS_AT_A_TIME = 3
SECONDS_FOR_A_BACKFILL = 12 * 3600


def run_night() -> None:
    """Runs a night in Airflow, from the inbox until it is published. Starts Airflow for it unless it is up.

    Raises ServiceError when the night failed.
    """
    with at_work(NIGHTLY):
        collecting = trigger(NIGHTLY)
        states = [wait_for(NIGHTLY, collecting)]
        if publishing := _started_by(PUBLISHING, source_dag_id=NIGHTLY, source_run_id=collecting):
            states.append(wait_for(PUBLISHING, publishing))
            _wait_for_telling(publishing)
        else:
            progress.info("  nothing more to load or to publish")
        _wait_until_idle()
    if set(states) != {"success"}:
        raise ServiceError(f"the night failed; the logs of its tasks are in {folder() / 'logs'}")


@contextmanager
def at_work(dag_id: str) -> Iterator[None]:
    """Starts Airflow and unpauses the DAG for the time of the block; afterwards both are as they were before."""
    was_up = is_up()
    if not was_up:
        up(nightly=False)
    was_paused = ask("GET", f"dags/{dag_id}")["is_paused"]
    try:
        pause(dag_id, False)
        yield
    finally:
        try:
            pause(dag_id, was_paused)
        finally:
            if not was_up:
                down()


def wait_for_backfills() -> None:
    """Waits until Airflow has completed every backfill, since Airflow allows one at a time.

    Airflow takes half a minute to notice that the runs of a backfill have ended. It resumes an interrupted one itself.
    Raises ServiceError after twelve hours.
    """

    def open_ones() -> list[int]:
        known = ask("GET", f"backfills?dag_id={REPROCESSING}&order_by=-id")["backfills"]
        return [backfill["id"] for backfill in known if not backfill["completed_at"]]

    if open_ones():
        progress.info("Airflow: waiting for an earlier backfill to be completed")
        wait(lambda: not open_ones(), SECONDS_FOR_A_BACKFILL, "the earlier backfill to be completed")


def reprocess(first: date, last: date, conf: dict[str, Any]) -> None:
    """Creates a backfill over these months, as `airflow backfill create` does, and waits until all its runs have ended.

    A failed run raises nothing. Raises ServiceError when Airflow refuses, and after twelve hours.
    """
    since = datetime.now(UTC)
    progress.info(f"Airflow: backfill of {first:%Y-%m} to {last:%Y-%m}, {MONTHS_AT_A_TIME} months at a time")
    ask(
        "POST", "backfills",
        {
            "dag_id": REPROCESSING,
            "from_date": f"{first}T00:00:00+00:00",
            "to_date": f"{last}T00:00:00+00:00",
            # Without this option Airflow silently skips the months that an earlier backfill has done.
            "reprocess_behavior": "completed",
            "max_active_runs": MONTHS_AT_A_TIME,
            "dag_run_conf": conf,
        },
    )  # fmt: skip
    told: set[str] = set()

    def ended() -> bool:
        are_left = ask("GET", f"dags/{REPROCESSING}/dagRuns?state=queued&state=running&limit=1")["total_entries"]
        query = urlencode({"run_type": "backfill", "end_date_gte": since.isoformat(), "order_by": "-end_date"})
        for run in ask("GET", f"dags/{REPROCESSING}/dagRuns?{query}&state=success&state=failed")["dag_runs"]:
            if run["dag_run_id"] not in told:
                progress.info(
                    f"  {REPROCESSING}: {run['logical_date'][:7]}: {run['state']}, {run['duration'] or 0:.1f} s"
                )
                told.add(run["dag_run_id"])
        return not are_left

    wait(ended, SECONDS_FOR_A_BACKFILL, f"the months to end; see {address()}/dags/{REPROCESSING}")


def publish_what_closed(dag_id: str, since: datetime) -> None:
    """Waits for the publishing run that this DAG has started since then; starts one if there is none.

    Raises ServiceError when nothing was published.
    """
    publishing = _started_by(PUBLISHING, source_dag_id=dag_id, timestamp_gte=since.isoformat()) or trigger(PUBLISHING)
    state = wait_for(PUBLISHING, publishing)
    _wait_for_telling(publishing)
    _wait_until_idle()
    if state != "success":
        raise ServiceError(
            "nothing was published: `mangnon status` says why, and whether the release waits for an approval. "
            "The next publishing takes the loads along"
        )


def _wait_for_telling(publishing: str) -> None:
    """Waits until the reporters are told. If telling failed, that is logged, and nothing else fails."""
    if ask("GET", f"dags/{TELLING}")["is_paused"]:
        return
    source = {"source_dag_id": PUBLISHING, "source_run_id": publishing, "source_task_id": "announce_verdicts"}
    if telling := _started_by(TELLING, **source):
        wait_for(TELLING, telling)


def _started_by(dag_id: str, **source: str) -> str | None:
    """Returns the id of the run of the DAG that an asset event from this source started; None if there was no event."""

    def caused() -> list[str | None] | None:
        events = ask("GET", f"assets/events?{urlencode(source)}")["asset_events"]
        if not events:
            return [None]
        # An asset may start several DAGs.
        return [run["run_id"] for run in events[0]["created_dagruns"] if run["dag_id"] == dag_id] or None

    return cast("str | None", wait(caused, SECONDS_FOR_A_NIGHT, f"{dag_id} to start")[0])


def _wait_until_idle() -> None:
    # Airflow also starts the night that it missed while it was down. A run that waits for a person, and the runs that
    # queue behind it, may wait for days.
    def is_idle() -> bool:
        active = ask("GET", "dags/~/dagRuns?state=queued&state=running&limit=1000")["dag_runs"]
        asking = ask("GET", "dags/~/dagRuns/~/taskInstances?state=awaiting_input&limit=1000")["task_instances"]
        return {run["dag_id"] for run in active} <= {task["dag_id"] for task in asking}

    wait(is_idle, SECONDS_FOR_A_NIGHT, "all runs to end")
