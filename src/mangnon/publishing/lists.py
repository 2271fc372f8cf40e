"""Lists of reference data: what a person or a deployment delivers ends, in one call, accepted or refused.

Files are read with a list once gate 1 has accepted it. The next publishing shows it to readers, in a release like any
other. A delivery that was cut off is not in use; the next delivery or the next publishing completes it.
"""

import getpass
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from mangnon import warehouse
from mangnon.intake import reference
from mangnon.intake.reference import Deliverer, Received
from mangnon.ledger import content_hash
from mangnon.ledger.batches import tables_to_model
from mangnon.ledger.code_lists import counting_reference_loads
from mangnon.publishing import gates, verdicts
from mangnon.warehouse import Connection, dbt
from mangnon.warehouse.sql_files import read_sql

# So long a delivery waits for a publishing that is under way.
SECONDS_TO_WAIT = 600
# So much of what dbt said is kept with a list that it could not model.
CHARACTERS_KEPT = 1000


@dataclass(frozen=True)
class Outcome:
    """What became of a delivered list."""

    file_name: str
    form: str | None  # None if the file could not be read
    revision: int
    rows: int
    is_new: bool  # False: the same rows count already
    is_accepted: bool
    reasons: list[str]  # why it was refused, in Vietnamese


def deliver(files: Iterable[Path], by: str, reason: str, delivered_at: datetime | None = None) -> list[Outcome]:
    """Delivers lists, now or as the archive says. Each is accepted, and counts, or refused: the one in use stays.

    Raises PublishingElsewhere.
    """
    return _deliver(lambda _: files, Deliverer(by, reason, delivered_at=delivered_at))


def deliver_packaged() -> list[Outcome]:
    """Delivers the lists of the package that changed since the last deployment. Raises PublishingElsewhere."""
    deliverer = Deliverer(getpass.getuser(), f"the lists of version {version('mangnon')}", is_packaged=True)
    return _deliver(reference.packaged_files, deliverer)


def judge_waiting() -> None:
    """Models the lists that wait, and lets gate 1 judge them. For those who hold the right to publish.

    A list is accepted in the transaction in which it is judged, so none counts before.
    """
    with warehouse.connect("publisher") as connection:
        batches = reference.waiting_batches(connection)
        if not batches:
            return
        try:
            dbt.model(batches, tables_to_model(connection, batches), counting_reference_loads(connection))
        except dbt.TransformError as error:
            with connection.transaction():
                _discard(connection, batches, str(error))
                _finish(connection, batches)
            return
        with connection.transaction():
            content_hash.note_modelled(connection, batches)
            connection.execute("set local role auditor")
            verdicts.write_of_loads(connection, gates.judge_loads(connection, batches))
            connection.execute("set local role publisher")
            _finish(connection, batches)


def history(connection: Connection, form: str | None = None) -> list[dict[str, Any]]:
    """Every delivery of a list, or of all lists, newest first: its state, who delivered it and why."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(__package__, "lists"), {"list": form}).fetchall()


def in_use(connection: Connection) -> list[dict[str, Any]]:
    """The delivery of each list that counts now, and those that wait."""
    return [row for row in history(connection) if row["state"] in ("counts", "waits")]


def _deliver(find: Callable[[Connection], Iterable[Path]], deliverer: Deliverer) -> list[Outcome]:
    with warehouse.connect("registrar") as connection, warehouse.publishing_lock(connection, SECONDS_TO_WAIT):
        judge_waiting()
        received = reference.receive(connection, find(connection), deliverer)
        judge_waiting()
        return [_outcome(connection, one) for one in received]


def _discard(connection: Connection, batches: list[int], said: str) -> None:
    """Refuses the lists that dbt could not model. What it wrote of them goes."""
    rows = connection.execute(
        "select load_id from ops.loads where batch_id = any(%s) and state = 'loaded'", [batches]
    ).fetchall()
    for (load_id,) in rows:
        connection.execute("select ops.discard_list(%s, %s)", [load_id, said[-CHARACTERS_KEPT:]])


def _finish(connection: Connection, batches: list[int]) -> None:
    """Accepts what was not refused. A batch with an accepted list waits to be published."""
    parameters = {"batches": batches}
    connection.execute(
        "update ops.loads set state = 'accepted' where batch_id = any(%(batches)s) and state = 'modelled'", parameters
    )
    connection.execute(
        """
        update ops.reference_deliveries
        set accepted_at = clock_timestamp()
        from ops.loads
        where loads.load_id = reference_deliveries.load_id
            and loads.batch_id = any(%(batches)s)
            and loads.state = 'accepted'
        """,
        parameters,
    )
    connection.execute(
        """
        update ops.batches
        set
            closed_at = clock_timestamp(),
            state = case when has_accepted then 'closed' else 'published' end,
            published_at = case when not has_accepted then clock_timestamp() end
        from (
            select batch_id, bool_or(state = 'accepted') as has_accepted
            from ops.loads
            where batch_id = any(%(batches)s)
            group by batch_id
        ) as outcomes
        where batches.batch_id = outcomes.batch_id
        """,
        parameters,
    )


def _outcome(connection: Connection, received: Received) -> Outcome:
    row = connection.execute(
        """
        select
            form,
            revision,
            rows_loaded,
            state <> 'refused',
            array(
                select message from raw.problems
                where problems.load_id = loads.load_id and severity = 'critical'
                order by problem_number
            ),
            state_reason
        from ops.loads
        where load_id = %s
        """,
        [received.load_id],
    ).fetchone()
    assert row is not None
    form, revision, rows, is_accepted, problems, state_reason = row
    reasons = [] if is_accepted else problems or [state_reason]
    return Outcome(received.file_name, form, revision, rows, received.is_new, is_accepted, reasons)
