"""Loading: the forms of a delivery become typed rows in `raw`, each form one load, all in one transaction."""

import json
import logging
from collections.abc import Collection
from datetime import date

from psycopg import sql
from psycopg.rows import class_row, dict_row
from structlog.contextvars import bound_contextvars

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import all_forms
from mangnon.failures import Failure
from mangnon.intake.archive import archived
from mangnon.intake.rows import Delivery, Load, copy_rows, reporter_of
from mangnon.ledger.batches import open_night
from mangnon.ledger.code_lists import read_code_lists
from mangnon.ledger.fingerprint import Basis, basis
from mangnon.reading.cover import Cover, refuse_reference
from mangnon.reading.opening import open_source
from mangnon.reading.problems import RefusedFile
from mangnon.warehouse import Connection

logger = logging.getLogger(__name__)

# A load with this many rows or more is analyzed at once.
LARGE_LOAD = 100_000

# Stands for the reporter of files whose cover could not be read.
UNREADABLE = "unreadable"


class NoReferenceData(Failure):
    """Submissions cannot be read before the code lists are there."""


def reporters_with_pending(connection: Connection) -> list[str]:
    """The reporters whose deliveries wait to be read."""
    rows = connection.execute(
        """
        select distinct coalesce(reporter_code, %s) as reporter_code
        from ops.deliveries
        where not exists (select from ops.loads where loads.delivery_id = deliveries.delivery_id)
        """,
        [UNREADABLE],
    )
    return sorted(row[0] for row in rows)


def load_pending(connection: Connection, reporter: str) -> list[Load]:
    """Reads the waiting deliveries of a reporter into the night's batch, each in a transaction of its own."""
    with connection.cursor(row_factory=class_row(Delivery)) as cursor:
        waiting = cursor.execute(
            """
            select delivery_id, sha256, file_name, reporter_code
            from ops.deliveries
            where coalesce(reporter_code, %s) = %s
                and not exists (select from ops.loads where loads.delivery_id = deliveries.delivery_id)
            order by delivery_id
            """,
            [UNREADABLE, reporter],
        ).fetchall()
    if not waiting:
        return []
    read_with = basis(connection)
    if not read_with.code_lists.reporters:
        raise NoReferenceData("the warehouse has no list of reporters: `mangnon deploy` delivers the package's lists")
    loads = []
    for delivery in waiting:
        with connection.transaction():
            batch_id = open_night(connection)
            read_with = basis(connection, read_with)
            loads += load_delivery(connection, delivery, batch_id, read_with)
    refresh_statistics(connection, loads)
    return loads


def load_delivery(
    connection: Connection,
    delivery: Delivery,
    batch_id: int,
    read_with: Basis,
    forms: Collection[str] | None = None,
) -> list[Load]:
    """Reads one delivery, or only these forms of it, into a batch, in the transaction of the caller.

    A delivery that is read as a whole leaves at least one load.
    """
    with bound_contextvars(batch=batch_id, delivery=delivery.delivery_id):
        loads = _read(connection, delivery, read_with.code_lists, forms)
        for load in loads:
            with bound_contextvars(load=load.load_id):
                note_load(connection, load, batch_id, read_with.fingerprint)
                logger.info(
                    "%s: %s is %s, %s rows, %s refused",
                    delivery.file_name, load.form or "no form", load.state, load.rows_loaded, len(load.refused),
                )  # fmt: skip
    return loads


def _read(
    connection: Connection, delivery: Delivery, code_lists: CodeLists, forms: Collection[str] | None
) -> list[Load]:
    loads: list[Load] = []
    with archived(delivery.sha256) as path:
        cover = None
        try:
            source = open_source(path, delivery.file_name, code_lists)
            refuse_reference(source.cover)
            cover = source.cover
            if delivery.reporter_code is None:
                _note_cover(connection, delivery, cover)
            reporter = reporter_of(cover, code_lists)
        except RefusedFile as refusal:
            load = Load(next_load_id(connection), delivery, cover, None)
            load.refuse(refusal.problems)
            loads.append(load)
        else:
            for name in cover.forms:
                if forms is not None and name not in forms:
                    continue
                load = Load(next_load_id(connection), delivery, cover, name)
                with bound_contextvars(load=load.load_id):
                    copy_rows(connection, load, source, all_forms()[name], reporter, code_lists)
                loads.append(load)
    return loads


def reread(connection: Connection, load_id: int, reference_load_ids: list[int]) -> None:
    """Reads the rows of a pruned load from the archive again, under the load's own number, with these code lists."""
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            """
            select delivery_id, sha256, file_name, deliveries.reporter_code, form
            from ops.loads
            inner join ops.deliveries using (delivery_id)
            where load_id = %s
            """,
            [load_id],
        ).fetchone()
        assert row is not None
        form = all_forms()[row.pop("form")]
        delivery = Delivery(**row)
        code_lists = read_code_lists(connection, reference_load_ids)
        with archived(delivery.sha256) as path:
            source = open_source(path, delivery.file_name, code_lists)
            load = Load(load_id, delivery, source.cover, form.name)
            copy_rows(connection, load, source, form, reporter_of(source.cover, code_lists), code_lists)
        _note_refused_rows(connection, load)


def refresh_statistics(connection: Connection, loads: list[Load]) -> None:
    """Tells the planner of large loads: until autovacuum comes round, it would take them for small ones."""
    for form in {load.form for load in loads if load.rows_loaded >= LARGE_LOAD}:
        assert form is not None
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier("raw", form)))


def next_load_id(connection: Connection) -> int:
    """The number of a new load."""
    row = connection.execute("select nextval(pg_get_serial_sequence('ops.loads', 'load_id'))").fetchone()
    assert row is not None
    return row[0]


def _note_cover(connection: Connection, delivery: Delivery, cover: Cover) -> None:
    """Notes the cover of a delivery that came before the lists that name its reporter."""
    connection.execute(
        """
        update ops.deliveries
        set (reporter_code, period, revision, revision_reason, is_synthetic) = (%s, %s, %s, %s, %s)
        where delivery_id = %s
        """,
        [
            cover.reporter_code, cover.period, cover.revision, cover.reason, cover.is_synthetic, delivery.delivery_id,
        ],
    )  # fmt: skip


def note_load(connection: Connection, load: Load, batch_id: int, fingerprint: str) -> None:
    """Writes the row of a load, its refused rows and its problems, in the transaction of the caller."""
    cover = load.cover
    connection.execute(
        """
        insert into ops.loads (
            load_id, delivery_id, batch_id, reporter_code, form, period, revision, fingerprint,
            state, state_reason, rows_in, rows_loaded, rows_refused, declared_totals
        ) overriding system value values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            load.load_id, load.delivery.delivery_id, batch_id, cover and cover.reporter_code, load.form,
            cover and cover.period, cover and cover.revision, fingerprint, load.state,
            _first_reason(load) if load.state == "refused" else None,
            load.rows_loaded + len(load.refused), load.rows_loaded, len(load.refused),
            json.dumps(load.declared_totals),
        ],
    )  # fmt: skip
    _note_refused_rows(connection, load)
    with connection.cursor().copy(
        """
        copy raw.problems (
            load_id, problem_number, sheet_name, row_number, field, cell, rule, value, message, severity,
            wording_id, wording_values
        ) from stdin
        """
    ) as copy:
        for number, problem in enumerate(load.problems, start=1):
            copy.write_row(
                [
                    load.load_id,
                    number,
                    problem.sheet,
                    problem.row,
                    problem.field,
                    problem.cell,
                    problem.rule,
                    problem.value,
                    problem.message,
                    problem.severity,
                    problem.id,
                    json.dumps(problem.values, ensure_ascii=False, default=date.isoformat),
                ]
            )


def _first_reason(load: Load) -> str:
    return next(problem.message for problem in load.problems if problem.severity == "critical")


def _note_refused_rows(connection: Connection, load: Load) -> None:
    with connection.cursor().copy("copy raw.refused_rows (load_id, row_number, sheet_name, cells) from stdin") as copy:
        for row in load.refused:
            copy.write_row([load.load_id, row.row_number, row.sheet_name, json.dumps(row.cells, ensure_ascii=False)])
