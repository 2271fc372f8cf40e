"""Backfills: archived deliveries are read again where the code, or the reference data, has changed since.

A month's new readings are new loads of the backfill's batch. The month that finishes last closes the batch, so all of
them are published together, in one release, whatever runs at the same time. What is done is said by rows of `ops`:
whatever was cut off is completed by asking for it again.
"""

import getpass
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from psycopg.rows import class_row, dict_row

from mangnon import warehouse
from mangnon.failures import Failure
from mangnon.intake.loads import load_delivery, refresh_statistics
from mangnon.intake.rows import Delivery
from mangnon.ledger.fingerprint import basis, fingerprint
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql


class RereadFailed(Failure):
    """An archived delivery could not be read again."""


class BackfillUnfinished(Failure):
    """Some months could not be done; the batch stays open."""


@dataclass(frozen=True)
class Scope:
    """The range of a backfill: its first and last month, and perhaps one reporter or one form."""

    from_period: date
    to_period: date
    reporter_code: str | None = None
    form: str | None = None


@dataclass(frozen=True)
class Month:
    """The readings of one month that a backfill would make again."""

    period: date
    deliveries: int
    current_loads: int
    stale_loads: int
    stale_deliveries: int
    stale_forms: str


@dataclass(frozen=True)
class RefusedAgain:
    """A form, or a whole file, that a backfill refused. What was read of it before still counts, or never did."""

    file_name: str
    form: str | None
    month: date
    why: str
    still_counts: bool


@dataclass(frozen=True)
class StaleDelivery(Delivery):
    """A delivery with stale readings; no forms mean: whatever the file holds."""

    forms: list[str] | None


def stale_months(connection: Connection, scope: Scope) -> list[Month]:
    """Returns each month that has deliveries, with its stale readings."""
    with connection.cursor(row_factory=class_row(Month)) as cursor:
        parameters = asdict(scope) | {"fingerprint": fingerprint(connection)}
        return cursor.execute(read_sql(__package__, "stale_months"), parameters).fetchall()


def begin(connection: Connection, scope: Scope, reason: str) -> int:
    """Opens a backfill with its batch and its months; returns its number."""
    parameters = asdict(scope) | {"who": getpass.getuser(), "why": reason}
    row = connection.execute(read_sql(__package__, "begin_backfill"), parameters).fetchone()
    assert row is not None
    return row[0]


def unfinished(connection: Connection, scope: Scope) -> int | None:
    """Returns the unpublished backfill of the same scope, which is to be resumed; None without one."""
    row = connection.execute(read_sql(__package__, "unfinished_backfill"), asdict(scope)).fetchone()
    return row[0] if row else None


def resume(connection: Connection, backfill_id: int, months: Iterable[Month]) -> None:
    """Takes up an open backfill: months that were done, but are stale again by now, are to be done once more."""
    stale = [month.period for month in months if month.stale_loads]
    connection.execute(read_sql(__package__, "resume_backfill"), {"backfill": backfill_id, "stale": stale})


def reread(backfill_id: int, period: date) -> int:
    """Reads the stale deliveries of a month again, each in a transaction of its own; how many loads were made.

    Raises RereadFailed. What was read before it stays; what is left is read when the month is done again.
    """
    loads = []
    with warehouse.connect("loader") as connection:
        read_with = basis(connection)
        deliveries = _stale_deliveries(connection, _scope(connection, backfill_id), period)
        for delivery in deliveries:
            try:
                with connection.transaction():
                    if (batch_id := _open_batch(connection, backfill_id, period)) is None:
                        break
                    read_with = basis(connection, read_with)
                    loads += load_delivery(connection, delivery, batch_id, read_with, delivery.forms)
            except (OSError, ValueError) as error:
                raise RereadFailed(
                    f"{delivery.file_name} (delivery {delivery.delivery_id}, archived as {delivery.sha256}) "
                    f"could not be read again: {error}"
                ) from error
        refresh_statistics(connection, loads)
    return len(loads)


def finish(backfill_id: int, period: date) -> bool:
    """Notes that a month is done; the last one closes the batch. Whether the batch now waits to be published.

    The batch's row is locked meanwhile: of months that end at the same moment exactly one is the last. Said again, as
    after a task that was killed, the answer of the last one is the same, so that its event is not lost.
    """
    with warehouse.connect("loader") as connection, connection.transaction():
        connection.execute(
            """
            select from ops.batches inner join ops.backfills using (batch_id) where backfill_id = %s
            for update of batches
            """,
            [backfill_id],
        )
        connection.execute(
            """
            update ops.backfill_periods
            set finished_at = clock_timestamp()
            where backfill_id = %s and period = %s and finished_at is null
            """,
            [backfill_id, period],
        )
        connection.execute(read_sql(__package__, "close_backfill"), {"backfill": backfill_id})
        return batch_state(connection, backfill_id) == "closed"


def history(connection: Connection) -> Iterable[dict[str, Any]]:
    """Every backfill, newest first: who, why, which months, and which release came of it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(__package__, "backfills")).fetchall()


def refused(connection: Connection, backfill_id: int) -> list[RefusedAgain]:
    """Returns what the backfill refused, by month and file."""
    with connection.cursor(row_factory=class_row(RefusedAgain)) as cursor:
        return cursor.execute(read_sql(__package__, "refused_again"), {"backfill": backfill_id}).fetchall()


def _stale_deliveries(connection: Connection, scope: Scope, period: date) -> list[StaleDelivery]:
    # A delivery of which nothing is current is read as a whole: this code may know forms that the last one did not.
    with connection.cursor(row_factory=class_row(StaleDelivery)) as cursor:
        parameters = asdict(scope) | {"fingerprint": fingerprint(connection), "period": period}
        return cursor.execute(read_sql(__package__, "stale_deliveries"), parameters).fetchall()


def _open_batch(connection: Connection, backfill_id: int, period: date) -> int | None:
    """The batch, kept from being closed until the caller's transaction ends; None when the month is done already."""
    row = connection.execute(
        """
        select batch_id
        from ops.backfill_periods
        inner join ops.backfills using (backfill_id)
        where backfill_id = %s and period = %s and finished_at is null
        for share of backfill_periods
        """,
        [backfill_id, period],
    ).fetchone()
    return row[0] if row else None


def _scope(connection: Connection, backfill_id: int) -> Scope:
    with connection.cursor(row_factory=class_row(Scope)) as cursor:
        scope = cursor.execute(
            "select from_period, to_period, reporter_code, form from ops.backfills where backfill_id = %s",
            [backfill_id],
        ).fetchone()
    if scope is None:
        raise Failure(f"there is no backfill {backfill_id}: `mangnon backfill --list` shows them")
    return scope


def batch_state(connection: Connection, backfill_id: int) -> str:
    """The state of the backfill's batch: open, closed or published."""
    row = connection.execute(
        "select state from ops.batches inner join ops.backfills using (batch_id) where backfill_id = %s", [backfill_id]
    ).fetchone()
    assert row is not None
    return row[0]


def unfinished_months(backfill_id: int) -> list[date]:
    """The months that are left to be done."""
    with warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select period from ops.backfill_periods where backfill_id = %s and finished_at is null order by period",
            [backfill_id],
        ).fetchall()
    return [row[0] for row in rows]
