"""Loading: the forms of a delivery become typed rows in `raw`, each form one load, all in one transaction."""

import json
import logging
from collections.abc import Collection
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row
from structlog.contextvars import bound_contextvars

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import all_forms
from mangnon.failures import Failure
from mangnon.intake.archive import archived
from mangnon.intake.rows import Delivery, Load, copy_rows
from mangnon.ledger.batches import open_night
from mangnon.ledger.code_lists import read_code_lists
from mangnon.ledger.fingerprint import Basis, basis, fingerprint
from mangnon.reading.cover import Cover
from mangnon.reading.delivery import FileRefused, FormBegun, Opened
from mangnon.reading.isolation import limits
from mangnon.reading.isolation.client import ReadingFailed, reading
from mangnon.reading.problems import Problem
from mangnon.warehouse import Connection

logger = logging.getLogger(__name__)

# A load with this many rows or more is analyzed at once.
LARGE_LOAD = 100_000

# What PostgreSQL says of values that it cannot take. Any other error of the database is no file's fault.
FAULTS_OF_VALUES = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)

# Stands for the reporter of files that nobody's place names, and whose cover could not be read. It is no reporter.
UNREADABLE = "unreadable"


class NoReferenceData(Failure):
    """Submissions cannot be read before the code lists are there."""


def reporters_with_pending(connection: Connection) -> list[str]:
    """The reporters whose deliveries wait to be read."""
    rows = connection.execute(
        """
        select distinct coalesce(reporter_code, %s) as reporter_code
        from ops.waiting_deliveries
        """,
        [UNREADABLE],
    )
    return sorted(row[0] for row in rows)


def load_pending(connection: Connection, reporter: str) -> list[Load]:
    """Reads the waiting deliveries of a reporter into the night's batch, each in a transaction of its own."""
    with connection.cursor(row_factory=class_row(Delivery)) as cursor:
        waiting = cursor.execute(
            """
            select delivery_id, sha256, file_name, reporter_code, place
            from ops.waiting_deliveries
            where coalesce(reporter_code, %s) = %s
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
            if not _still_waits(connection, delivery):
                continue
            batch_id = open_night(connection)
            read_with = basis(connection, read_with)
            loads += load_delivery(connection, delivery, batch_id, read_with)
    refresh_statistics(connection, loads)
    return loads


def _still_waits(connection: Connection, delivery: Delivery) -> bool:
    """Returns whether the delivery waits, once no other process reads it: two nights at once read each file once."""
    connection.execute("select from ops.deliveries where delivery_id = %s for no key update", [delivery.delivery_id])
    row = connection.execute(
        "select exists (select from ops.waiting_deliveries where delivery_id = %s)", [delivery.delivery_id]
    ).fetchone()
    return row == (True,)


def load_delivery(
    connection: Connection,
    delivery: Delivery,
    batch_id: int,
    read_with: Basis,
    forms: Collection[str] | None = None,
) -> list[Load]:
    """Reads one delivery, or only these forms of it, into a batch, in the transaction of the caller.

    A delivery that is read as a whole leaves at least one load. Whatever is wrong with it refuses it and nobody else:
    only what no file can be blamed for is raised (see is_its_fault).
    """
    with (
        bound_contextvars(batch=batch_id, delivery=delivery.delivery_id),
        archived(delivery.sha256) as path,
    ):
        try:
            with connection.transaction():
                loads = _read(connection, delivery, path, read_with.code_lists, forms)
                _note_all(connection, loads, batch_id, read_with.fingerprint)
                # What is checked when a transaction ends is checked now, while only this delivery can be blamed.
                connection.execute("set constraints all immediate")
                connection.execute("set constraints all deferred")
        except Exception as error:
            if not is_its_fault(error):
                raise
            loads = [_failed(connection, delivery, error)]
            _note_all(connection, loads, batch_id, read_with.fingerprint)
    return loads


def is_its_fault(error: Exception) -> bool:
    """Returns whether the file is to blame for an error: not when disk, network or database failed."""
    if isinstance(error, FAULTS_OF_VALUES):
        return True
    return not isinstance(error, Failure | OSError | psycopg.Error)


def _failed(connection: Connection, delivery: Delivery, error: Exception) -> Load:
    """The refused load of a delivery that could not be read."""
    load = Load(next_load_id(connection), delivery, None, None)
    if isinstance(error, ReadingFailed):
        load.refuse([error.problem])
    else:
        logger.error("delivery %s could not be read", delivery.delivery_id, exc_info=error)
        load.refuse([limits.failed(delivery.file_name, type(error).__name__)])
    return load


def _note_all(connection: Connection, loads: list[Load], batch_id: int, current: str) -> None:
    for load in loads:
        with bound_contextvars(load=load.load_id):
            note_load(connection, load, batch_id, current)
            logger.info(
                "%s: %s is %s, %s rows, %s refused",
                load.delivery.file_name, load.form or "no form", load.state, load.rows_loaded, len(load.refused),
            )  # fmt: skip


def _read(
    connection: Connection,
    delivery: Delivery,
    path: Path,
    code_lists: CodeLists,
    forms: Collection[str] | None,
) -> list[Load]:
    loads: list[Load] = []
    cover = None
    with reading(path, delivery.file_name, code_lists, delivery.place, forms, sender=delivery.sender) as messages:
        for message in messages:
            if isinstance(message, Opened):
                cover = message.cover
                _note_cover(connection, delivery, cover)
            elif isinstance(message, FileRefused):
                load = Load(next_load_id(connection), delivery, cover, None)
                load.refuse(message.problems)
                loads.append(load)
            elif isinstance(message, FormBegun):
                load = Load(next_load_id(connection), delivery, cover, message.form)
                with bound_contextvars(load=load.load_id):
                    copy_rows(connection, load, all_forms()[message.form], message, messages)
                loads.append(load)
    return loads


def refuse(connection: Connection, delivery: Delivery, batch_id: int, problem: Problem) -> Load:
    """Refuses a delivery without reading it, in the transaction of the caller."""
    load = Load(next_load_id(connection), delivery, None, None)
    load.refuse([problem])
    note_load(connection, load, batch_id, fingerprint(connection))
    return load


def reread(connection: Connection, load_id: int, reference_load_ids: list[int]) -> None:
    """Reads the rows of a pruned load from the archive again, under the load's own number, with these code lists.

    Raises ReadingFailed.
    """
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            """
            select delivery_id, sha256, file_name, deliveries.reporter_code, place, form
            from ops.loads
            inner join ops.deliveries using (delivery_id)
            where load_id = %s
            """,
            [load_id],
        ).fetchone()
        assert row is not None
        form = row.pop("form")
        delivery = Delivery(**row)
        lists = read_code_lists(connection, reference_load_ids)
        load = None
        with (
            archived(delivery.sha256) as path,
            reading(path, delivery.file_name, lists, delivery.place, [form], sender=delivery.sender) as messages,
        ):
            for message in messages:
                if isinstance(message, Opened):
                    load = Load(load_id, delivery, message.cover, form)
                elif isinstance(message, FormBegun) and load is not None:
                    copy_rows(connection, load, all_forms()[form], message, messages)
        if load is not None:
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
    """Notes the cover of a delivery of which nothing could be read when it came, as before there were code lists."""
    connection.execute(
        """
        update ops.deliveries
        set (reporter_code, period, revision, revision_reason, is_synthetic) = (%s, %s, %s, %s, %s)
        where delivery_id = %s and period is null
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
            load.load_id, load.delivery.delivery_id, batch_id,
            cover.reporter_code if cover else load.delivery.reporter_code, load.form,
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
