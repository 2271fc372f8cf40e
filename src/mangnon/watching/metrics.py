"""Metrics for Prometheus, computed from `ops` when somebody asks: the ledger is the truth, and no process counts.

No query looks at facts or raw rows; the largest looks through ops.loads and ops.deliveries once.
"""

import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mangnon import warehouse
from mangnon.settings import TIMEZONE
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql
from mangnon.watching import deadline, vitals
from mangnon.watching.folders import local_folders

LOADS = """
    select state, count(*) as loads, sum(rows_loaded) as rows_loaded, sum(rows_refused) as rows_refused
    from ops.loads
    group by state
"""
STATES = ("loaded", "modelled", "accepted", "same", "refused", "held")


class Ledger(Collector):
    """The metrics that `ops` gives at the moment of asking; without a database only that there is none."""

    def collect(self) -> Iterable[Metric]:
        """Every family of metrics."""
        try:
            with warehouse.observe("auditor") as connection:
                found = list(_of_ledger(connection))
        except psycopg.Error:
            yield _gauge("up", "Whether the warehouse answers.", 0)
        else:
            yield _gauge("up", "Whether the warehouse answers.", 1)
            yield from found
        yield from _of_disks()

    def describe(self) -> Iterable[Metric]:
        """Nothing before anybody asks."""
        return []


def text() -> str:
    """The metrics now, in the text format of Prometheus."""
    return generate_latest(_registry()).decode()


def serve(address: str, port: int) -> None:
    """Answers Prometheus at http://address:port/metrics until it is ended. Raises OSError when the port is taken."""
    _, thread = start_http_server(port, address, _registry())
    thread.join()


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Ledger())
    return registry


def _of_ledger(connection: Connection) -> Iterator[Metric]:
    now = datetime.now(UTC)
    signs = vitals.read(connection)
    yield from _of_loads(connection)
    yield _of_failures(connection)
    verdicts = GaugeMetricFamily(
        "mangnon_unmet_verdicts",
        "Verdicts that were not met, of the newest release that was judged and of the loads in its batches.",
        labels=["gate", "severity"],
    )
    counted = {
        (gate, severity): count for gate, severity, count in connection.execute(read_sql(__package__, "unmet_verdicts"))
    }
    for gate in ("loads", "release"):
        for severity in ("critical", "warning", "info"):
            verdicts.add_metric([gate, severity], counted.get((gate, severity), 0))
    yield verdicts
    row = connection.execute(read_sql(__package__, "length_of_night")).fetchone()
    skipped = connection.execute("select count(*) from ops.skipped_files").fetchone()
    for name, explained, value in (
        ("release", "The number of the release that readers see.", signs.release),
        ("release_age_seconds", "How long readers have seen it.", _seconds(now, signs.published_at)),
        ("night_seconds", "How long the last night took, from its first delivery to the decision.", _first(row)),
        ("night_age_seconds", "Since when no night looked through the inbox.", _seconds(now, signs.collected_at)),
        ("deliveries_unread", "Deliveries in the archive that were not read.", signs.unread),
        ("files_misplaced", "Files that lie in no place of the inbox, and are not read.", signs.misplaced),
        ("inbox_skipped", "Files of the inbox that the last night did not read.", _first(skipped)),
        ("archive_check_age_seconds", "When the archive was last checked.", _seconds(now, signs.archive_checked_at)),
        ("archive_files", "Files of the archive that the last check looked at.", signs.archive_files),
        ("archive_damaged", "Files of the archive that it found damaged.", signs.archive_damaged),
        ("archive_missing", "Files of the archive that it found missing.", signs.archive_missing),
        ("batches_waiting", "Batches that are closed and not published.", signs.waiting_batches),
        ("approval_waiting", "Whether a release waits for a person.", signs.approval is not None),
        ("candidate_open", "Whether a candidate is being decided, or was left open.", signs.candidate is not None),
        (
            "deadline_missed",
            "For how many reasons something that came before the last 06:00 is not published.",
            len(deadline.misses(signs, now.astimezone(TIMEZONE))),
        ),
    ):
        if value is not None:
            yield _gauge(name, explained, float(value))


def _of_loads(connection: Connection) -> Iterator[Metric]:
    deliveries = connection.execute("select count(*) from ops.deliveries").fetchone()
    assert deliveries is not None
    yield CounterMetricFamily(
        "mangnon_deliveries", "Files that ever arrived, by content and place.", value=deliveries[0]
    )
    by_state = {state: counts for state, *counts in connection.execute(LOADS)}
    loads = GaugeMetricFamily("mangnon_loads", "Readings of a form of a delivery, by state.", labels=["state"])
    for state in STATES:
        loads.add_metric([state], by_state.get(state, [0])[0])
    yield loads
    rows = CounterMetricFamily("mangnon_rows", "Rows that were ever read, by what became of them.", labels=["outcome"])
    rows.add_metric(["loaded"], float(sum(counts[1] for counts in by_state.values())))
    rows.add_metric(["refused"], float(sum(counts[2] for counts in by_state.values())))
    yield rows


def _of_failures(connection: Connection) -> Metric:
    failures = GaugeMetricFamily(
        "mangnon_deliveries_failed",
        "Deliveries whose reading failed, by exception, signal or limit, until a person decides on them.",
        labels=["failure"],
    )
    for failure, count in connection.execute(
        "select failure, count(*) from ops.failed_deliveries group by failure order by failure"
    ):
        failures.add_metric([failure], count)
    return failures


def _of_disks() -> Iterator[Metric]:
    free = GaugeMetricFamily("mangnon_disk_free_bytes", "What is free where these folders lie.", labels=["place"])
    for place, folder in local_folders().items():
        free.add_metric([place], shutil.disk_usage(folder).free)
    yield free


def _seconds(now: datetime, since: datetime | None) -> float | None:
    return None if since is None else (now - since).total_seconds()


def _first(row: tuple[Any, ...] | None) -> Any:
    return row[0] if row else None


def _gauge(name: str, explained: str, value: Any) -> Metric:
    return GaugeMetricFamily(f"mangnon_{name}", explained, value=value)
