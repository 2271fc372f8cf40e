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
from mangnon.ledger.code_lists import read_code_lists
from mangnon.ledger.fingerprint import fingerprint
from mangnon.warehouse import Connection

# Of each form of a delivery the newest reading; one that refused the whole file speaks of all its forms. A file
# whose month could not be read belongs to the month in which it came. Code lists are renewed by a new revision.
READINGS = """
    with readings as (
        select
            loads.delivery_id,
            loads.form,
            coalesce(
                loads.period, date_trunc('month', deliveries.received_at at time zone 'Asia/Ho_Chi_Minh')::date
            ) as period,
            loads.fingerprint <> %(fingerprint)s as is_stale
        from ops.loads
        inner join ops.deliveries using (delivery_id)
        where loads.reporter_code is distinct from '_reference'
            and (loads.reporter_code = %(reporter_code)s or %(reporter_code)s::text is null)
            and (loads.form = %(form)s or %(form)s::text is null)
            and not exists (
                select from ops.loads as later
                where later.delivery_id = loads.delivery_id
                    and later.load_id > loads.load_id
                    and (later.form = loads.form or num_nulls(later.form, loads.form) > 0)
            )
    )
"""


class RereadFailed(Failure):
    """An archived delivery could not be read again."""


class BackfillUnfinished(Failure):
    """Some months could not be done; the batch stays open."""


@dataclass(frozen=True)
class Scope:
    """What a backfill looks at: months, both included, and perhaps one reporter or one form."""

    from_period: date
    to_period: date
    reporter_code: str | None = None
    form: str | None = None


@dataclass(frozen=True)
class Month:
    """What a month of a backfill would read again."""

    period: date
    deliveries: int
    current_loads: int
    stale_loads: int
    stale_deliveries: int
    stale_forms: str


@dataclass(frozen=True)
class StaleDelivery(Delivery):
    """A delivery with stale readings; no forms mean: whatever the file holds."""

    forms: list[str] | None


def stale_months(connection: Connection, scope: Scope) -> list[Month]:
    """What is stale in each month that has deliveries."""
    with connection.cursor(row_factory=class_row(Month)) as cursor:
        return cursor.execute(
            f"""
            {READINGS}
            select
                period,
                count(distinct delivery_id) as deliveries,
                count(*) filter (where not is_stale) as current_loads,
                count(*) filter (where is_stale) as stale_loads,
                count(distinct delivery_id) filter (where is_stale) as stale_deliveries,
                coalesce(string_agg(distinct form, ', ') filter (where is_stale), '') as stale_forms
            from readings
            where period between %(from_period)s and %(to_period)s
            group by period
            order by period
            """,
            asdict(scope) | {"fingerprint": fingerprint(connection)},
        ).fetchall()


def begin(connection: Connection, scope: Scope, reason: str) -> int:
    """Opens a backfill with its batch and its months; returns its number."""
    row = connection.execute(
        """
        with batch as (
            insert into ops.batches (kind) values ('backfill')
            returning batch_id
        ),

        backfill as (
            insert into ops.backfills (
                batch_id, from_period, to_period, reporter_code, form, requested_by, reason
            )
            select batch_id, %(from_period)s, %(to_period)s, %(reporter_code)s, %(form)s, %(who)s, %(why)s
            from batch
            returning backfill_id
        ),

        months as (
            insert into ops.backfill_periods (backfill_id, period)
            select backfill.backfill_id, month::date
            from backfill
            cross join generate_series(%(from_period)s::date, %(to_period)s::date, interval '1 month') as month
        )

        select backfill_id from backfill
        """,
        asdict(scope) | {"who": getpass.getuser(), "why": reason},
    ).fetchone()
    connection.commit()
    assert row is not None
    return row[0]


def unfinished(connection: Connection, scope: Scope) -> int | None:
    """The backfill of the same scope that was begun and is not published yet: it is gone on with."""
    row = connection.execute(
        """
        select backfill_id
        from ops.backfills
        inner join ops.batches using (batch_id)
        where batches.state <> 'published'
            and from_period = %(from_period)s
            and to_period = %(to_period)s
            and reporter_code is not distinct from %(reporter_code)s
            and form is not distinct from %(form)s
        order by backfill_id
        limit 1
        """,
        asdict(scope),
    ).fetchone()
    connection.commit()
    return row[0] if row else None


def resume(connection: Connection, backfill_id: int, months: Iterable[Month]) -> None:
    """Takes up an open backfill: months that were done, but are stale again by now, are to be done once more."""
    connection.execute(
        """
        update ops.backfill_periods
        set finished_at = null
        from ops.backfills
        inner join ops.batches using (batch_id)
        where backfill_periods.backfill_id = backfills.backfill_id
            and backfills.backfill_id = %s
            and batches.state = 'open'
            and period = any(%s)
        """,
        [backfill_id, [month.period for month in months if month.stale_loads]],
    )
    connection.commit()


def reread(backfill_id: int, period: date) -> int:
    """Reads the stale deliveries of a month again, each in a transaction of its own; how many loads were made.

    Raises RereadFailed. What was read before it stays; what is left is read when the month is done again.
    """
    loads = []
    with warehouse.connect("loader") as connection:
        code_lists = read_code_lists(connection)
        deliveries = _stale_deliveries(connection, _scope(connection, backfill_id), period)
        connection.commit()
        for delivery in deliveries:
            try:
                with connection.transaction():
                    if (batch_id := _open_batch(connection, backfill_id, period)) is None:
                        break
                    loads += load_delivery(connection, delivery, batch_id, code_lists, delivery.forms)
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
    with warehouse.connect("loader") as connection:
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
        connection.execute(
            """
            update ops.batches
            set state = 'closed', closed_at = clock_timestamp()
            from ops.backfills
            where batches.batch_id = backfills.batch_id
                and backfill_id = %(backfill)s
                and state = 'open'
                and not exists (
                    select from ops.backfill_periods where backfill_id = %(backfill)s and finished_at is null
                )
            """,
            {"backfill": backfill_id},
        )
        return batch_state(connection, backfill_id) == "closed"


def history(connection: Connection) -> Iterable[dict[str, Any]]:
    """Every backfill, newest first: who, why, which months, and which release came of it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            select
                backfills.*,
                batches.state,
                (select count(*) from ops.backfill_periods where backfill_id = backfills.backfill_id) as months,
                (
                    select count(finished_at) from ops.backfill_periods where backfill_id = backfills.backfill_id
                ) as finished_months,
                (select count(*) from ops.loads where batch_id = backfills.batch_id) as loads,
                (
                    select max(release_id)
                    from ops.release_batches
                    inner join ops.releases using (release_id)
                    where batch_id = backfills.batch_id and releases.state = 'published'
                ) as release_id
            from ops.backfills
            inner join ops.batches using (batch_id)
            order by backfill_id desc
            """
        ).fetchall()


def _stale_deliveries(connection: Connection, scope: Scope, period: date) -> list[StaleDelivery]:
    # A delivery of which nothing is current is read as a whole: this code may know forms that the last one did not.
    with connection.cursor(row_factory=class_row(StaleDelivery)) as cursor:
        return cursor.execute(
            f"""
            {READINGS},

            stale as (
                select
                    delivery_id,
                    case
                        when not bool_and(is_stale) or %(form)s::text is not null
                            then array_agg(form order by form) filter (where is_stale)
                    end as forms
                from readings
                where period = %(period)s
                group by delivery_id
                having bool_or(is_stale)
            )

            select delivery_id, sha256, file_name, reporter_code, forms
            from stale
            inner join ops.deliveries using (delivery_id)
            order by delivery_id
            """,
            asdict(scope) | {"fingerprint": fingerprint(connection), "period": period},
        ).fetchall()


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
