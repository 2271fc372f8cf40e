"""Reference data: a list that a person or a deployment delivers becomes a load of the registrar.

Nobody reads with it until gate 1 has accepted it (mangnon.publishing.lists). Whoever calls this holds the right to
publish, so lists are numbered in the order in which they are delivered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from mangnon.contract.code_lists import REFERENCE_FOLDER, REFERENCE_PERIOD, REFERENCE_REPORTER, CodeLists
from mangnon.contract.forms import Form, all_forms, reference_forms
from mangnon.intake import archive
from mangnon.intake.list_checks import problems_of
from mangnon.intake.loads import next_load_id, note_load
from mangnon.intake.rows import Delivery, Load, copy_rows
from mangnon.ledger.code_lists import list_hash, next_revision
from mangnon.ledger.fingerprint import fingerprint
from mangnon.reading.cover import Cover
from mangnon.reading.delivery import FormBegun
from mangnon.reading.isolation.client import DiskFull, ReadingFailed, read_cover, reading
from mangnon.reading.problems import Problem, RefusedFile
from mangnon.warehouse import Connection


@dataclass(frozen=True)
class Deliverer:
    """Who delivers lists, and why."""

    name: str
    reason: str
    is_packaged: bool = False  # a deployment delivers the lists of the package
    delivered_at: datetime | None = None  # when it was delivered first, if the archive says so


@dataclass(frozen=True)
class Received:
    """A list that was delivered: its load, or the load that counts already with the same rows."""

    file_name: str
    load_id: int
    is_new: bool


@dataclass(frozen=True)
class _OpenedFile:
    path: Path
    sha256: str
    cover: Cover | None
    problems: tuple[Problem, ...] = ()


def receive(connection: Connection, files: Iterable[Path], deliverer: Deliverer) -> list[Received]:
    """Notes the lists of these files, in the order in which lists build on one another, all in one transaction.

    Their content is in the archive before. A list with an error is noted as refused; one whose rows count already is
    not noted again, unless the archive brings it: then its time is noted.
    """
    lists = [one for path in files for one in _lists(_opened(path))]
    lists.sort(key=lambda one: one[1].order if one[1] else 0)
    with connection.transaction():
        received = [_receive(connection, file, form, deliverer) for file, form in lists]
    # Not before the lists are noted: a note without its list would be taken for a delivery.
    for note in notes(connection, [one.load_id for one in received if one.is_new]):
        archive.write_note(note)
    return received


def notes(connection: Connection, load_ids: list[int] | None = None) -> list[archive.Note]:
    """Returns the note that each delivery of a list should have in the archive, or those of these loads."""
    with connection.cursor(row_factory=class_row(archive.Note)) as cursor:
        return cursor.execute(
            """
            select distinct
                deliveries.sha256,
                deliveries.place,
                deliveries.file_name,
                coalesce(reference_deliveries.delivered_at, loads.loaded_at) as received_at
            from ops.deliveries
            inner join ops.loads using (delivery_id)
            left join ops.reference_deliveries using (load_id)
            where deliveries.place = %(place)s and (loads.load_id = any(%(loads)s) or %(loads)s::bigint [] is null)
            order by received_at
            """,
            {"place": REFERENCE_REPORTER, "loads": load_ids},
        ).fetchall()


def packaged_files(connection: Connection) -> list[Path]:
    """The lists of the package that no deployment has delivered yet.

    What a person has delivered since stays, until the package brings another list.
    """
    delivered: dict[str, str] = dict(
        connection.execute(
            """
            select distinct on (loads.form) loads.form, deliveries.sha256
            from ops.reference_deliveries
            inner join ops.loads using (load_id)
            inner join ops.deliveries using (delivery_id)
            where is_packaged and accepted_at is not null
            order by loads.form, load_id desc
            """
        ).fetchall()
    )
    files = {form.name: REFERENCE_FOLDER / f"{form.name}.csv" for form in reference_forms()}
    return [path for form, path in files.items() if delivered.get(form) != archive.sha256_of(path)]


def waiting_batches(connection: Connection) -> list[int]:
    """The batches of lists that gate 1 has not judged yet, oldest first."""
    rows = connection.execute(
        "select batch_id from ops.batches where kind = 'reference' and state = 'open' order by batch_id"
    ).fetchall()
    return [row[0] for row in rows]


def _opened(path: Path) -> _OpenedFile:
    sha256 = archive.sha256_of(path)
    try:
        cover = read_cover(path, path.name, CodeLists.none(), REFERENCE_REPORTER, sender=REFERENCE_REPORTER)
    except RefusedFile as refusal:
        return _OpenedFile(path, sha256, None, refusal.problems)
    except DiskFull:
        raise
    except ReadingFailed as failure:
        return _OpenedFile(path, sha256, None, (failure.problem,))
    names = {form.name for form in reference_forms()}
    if cover.reporter_code != REFERENCE_REPORTER or not names.issuperset(cover.forms):
        return _OpenedFile(path, sha256, None, (Problem("not_a_list", {"file_name": path.name}),))
    return _OpenedFile(path, sha256, cover)


def _lists(file: _OpenedFile) -> list[tuple[_OpenedFile, Form | None]]:
    """The lists in a file; None stands for those of a file that cannot be read."""
    return [(file, all_forms()[name]) for name in file.cover.forms] if file.cover else [(file, None)]


def _receive(connection: Connection, file: _OpenedFile, form: Form | None, deliverer: Deliverer) -> Received:
    with connection.transaction() as one:
        load = _read(connection, file, form)
        same = _load_with_same_rows(connection, form, load, deliverer) if form else None
        if same:
            raise psycopg.Rollback(one)
        archive.keep(file.path, file.sha256)
        # A batch of its own: if the list is refused, no publishing judges it again with others.
        batch_id = _number(connection, "insert into ops.batches (kind) values ('reference') returning batch_id")
        note_load(connection, load, batch_id, fingerprint(connection))
        connection.execute(
            """
            insert into ops.reference_deliveries (load_id, delivered_by, reason, is_packaged, delivered_at)
            values (%s, %s, %s, %s, coalesce(%s, now()))
            """,
            [load.load_id, deliverer.name, deliverer.reason, deliverer.is_packaged, deliverer.delivered_at],
        )
    return Received(file.path.name, same or load.load_id, not same)


def _read(connection: Connection, file: _OpenedFile, form: Form | None) -> Load:
    """The load of a list, with its rows in raw; refused if anything in it is wrong."""
    revision = next_revision(connection, form.name) if form else 1
    cover = Cover(REFERENCE_REPORTER, REFERENCE_PERIOD, revision, None, is_synthetic=False)
    load = Load(next_load_id(connection), _delivery(connection, file), cover, form.name if form else None)
    if file.cover is None or form is None:
        load.refuse(file.problems)
        return load
    load.cover = replace(file.cover, revision=revision)
    _copy_rows(connection, load, file, form)
    if load.state == "loaded" and load.refused:
        load.refuse(())  # the problems of its rows say why
    elif load.state == "loaded":
        problems = problems_of(form, _lists_with(connection, form, load.load_id))
        if problems:
            load.refuse(problems)
    return load


def _copy_rows(connection: Connection, load: Load, file: _OpenedFile, form: Form) -> None:
    try:
        with (
            connection.transaction(),
            reading(
                file.path, file.path.name, CodeLists.none(), REFERENCE_REPORTER, [form.name], sender=REFERENCE_REPORTER
            ) as messages,
        ):
            for message in messages:
                if isinstance(message, FormBegun):
                    copy_rows(connection, load, form, message, messages)
    except DiskFull:
        raise
    except ReadingFailed as failure:
        load.rows_loaded, load.refused = 0, []
        load.refuse([failure.problem])


def _delivery(connection: Connection, file: _OpenedFile) -> Delivery:
    """The delivery with this content. It is the same one when an older list is delivered again."""
    row = connection.execute(
        """
        with inserted as (
            insert into ops.deliveries (sha256, place, file_name, size_bytes, reporter_code, period)
            values (%(sha256)s, %(reporter)s, %(name)s, %(size)s, %(reporter)s, %(period)s)
            on conflict do nothing
            returning delivery_id
        )

        select delivery_id from inserted
        union all
        select delivery_id from ops.deliveries where sha256 = %(sha256)s and place = %(reporter)s
        """,
        {
            "sha256": file.sha256, "reporter": REFERENCE_REPORTER, "name": file.path.name,
            "size": file.path.stat().st_size, "period": REFERENCE_PERIOD,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    return Delivery(row[0], file.sha256, file.path.name, REFERENCE_REPORTER, REFERENCE_REPORTER)


def _load_with_same_rows(connection: Connection, form: Form, load: Load, deliverer: Deliverer) -> int | None:
    """The load that counts, if it has the same rows. What the archive brings is noted in any case.

    For a deployment also an older one, as long as no deployment has delivered this list: until migration 0010 its lists
    came through the inbox, and one that replaced them stays.
    """
    if load.state != "loaded" or deliverer.delivered_at:
        return None
    rows = connection.execute(
        """
        select load_id
        from ops.loads
        where reporter_code = %(reporter)s
            and form = %(form)s
            and (
                load_id in (select load_id from ops.counting_reference_loads)
                or (
                    %(is_packaged)s
                    and state in ('accepted', 'same', 'held')
                    and not exists (
                        select
                        from ops.reference_deliveries as earlier
                        inner join ops.loads as earlier_loads using (load_id)
                        where earlier.is_packaged and earlier_loads.form = %(form)s
                    )
                )
            )
        """,
        {"reporter": REFERENCE_REPORTER, "form": form.name, "is_packaged": deliverer.is_packaged},
    ).fetchall()
    wanted = list_hash(connection, form.name, load.load_id)
    return next((load_id for (load_id,) in rows if list_hash(connection, form.name, load_id) == wanted), None)


def _lists_with(connection: Connection, form: Form, load_id: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of every list as they would be used: this load's, of the others those delivered with it, else in use."""
    newest: dict[str, int] = dict(
        connection.execute(
            """
            select distinct on (loads.form) loads.form, loads.load_id
            from ops.loads
            inner join ops.batches using (batch_id)
            where loads.reporter_code = %s
                and (
                    loads.state in ('accepted', 'same')
                    or (loads.state = 'loaded' and batches.kind = 'reference' and batches.state = 'open')
                )
            order by loads.form, loads.revision desc, loads.load_id desc
            """,
            [REFERENCE_REPORTER],
        ).fetchall()
    )
    newest[form.name] = load_id
    with connection.cursor(row_factory=dict_row) as cursor:
        return {
            one.name: cursor.execute(
                sql.SQL("select * from {} where load_id = %s order by line").format(sql.Identifier("raw", one.name)),
                [newest.get(one.name)],
            ).fetchall()
            for one in reference_forms()
        }


def _number(connection: Connection, statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]
