"""The inbox: new files become deliveries, once their content is safe in the archive."""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from mangnon.contract.code_lists import CodeLists
from mangnon.intake import archive, arrivals
from mangnon.ledger.code_lists import read_code_lists
from mangnon.reading.cover import Cover
from mangnon.reading.opening import open_source
from mangnon.reading.problems import RefusedFile
from mangnon.stores import NotReadable, Skipped, Store, open_store, readable_name
from mangnon.warehouse import Connection


@dataclass(frozen=True)
class Collected:
    """The result of one look into the inbox."""

    new: list[int]  # delivery ids
    known_again: int  # files whose content had arrived before, under another name or in another place
    skipped: list[Skipped]  # what was not read, and will be looked at again the next time


def collect(connection: Connection) -> Collected:
    """Archives the files of the inbox that were not there before, and notes them as deliveries.

    A file is noted only after its content is safe in the archive, so that a run that was killed can be repeated.
    A file that cannot be read stops no other. Raises InboxGone, StoreFailure.
    """
    inbox = arrivals.open_inbox()
    known = {tuple(row) for row in connection.execute("select source, version from ops.arrivals")}
    lists = read_code_lists(connection)
    new, known_again = [], 0
    found = arrivals.look(inbox, known)
    for entry in found.files:
        name = readable_name(PurePosixPath(entry.path).name)
        with tempfile.TemporaryDirectory(prefix="mangnon-") as folder_of_copy:
            copy = Path(folder_of_copy) / "delivery"
            try:
                inbox.fetch(entry.path, copy)
            except NotReadable as error:
                found.skipped.append(Skipped(entry.path, f"{error}; the next night tries again"))
                continue
            delivery = _archived(copy, name, lists)
        with connection.transaction():
            delivery_id, is_new = _note(connection, delivery, arrivals.source_of(inbox, entry.path), entry.version)
            _write_archive_note(connection, delivery_id, archive.place_of(entry.path))
        if is_new:
            new.append(delivery_id)
        else:
            known_again += 1
    _note_skipped(connection, inbox, found.skipped)
    return Collected(new, known_again, found.skipped)


def deliver_again(connection: Connection, note: archive.Note, copy: Path, lists: CodeLists) -> bool:
    """Notes an archived file as a delivery, as its note says that it arrived; whether it is new."""
    delivery = _delivery(copy, note.sha256, note.file_name, lists) | {"received_at": note.received_at}
    source = f"{open_store('inbox').name}/{note.place}/{note.file_name}"
    with connection.transaction():
        return _note(connection, delivery, source, note.sha256)[1]


def _write_archive_note(connection: Connection, delivery_id: int, place: str) -> None:
    row = connection.execute(
        "select sha256, file_name, received_at from ops.deliveries where delivery_id = %s", [delivery_id]
    ).fetchone()
    assert row is not None
    sha256, file_name, received_at = row
    archive.write_note(archive.Note(sha256, place, file_name, received_at))


def _note_skipped(connection: Connection, inbox: Store, skipped: list[Skipped]) -> None:
    """Notes what lies in the inbox now and was not read, in place of what was noted the last time."""
    noted = {arrivals.source_of(inbox, file.path): file.reason for file in skipped}
    with connection.transaction():
        connection.execute("delete from ops.skipped_files where not source = any(%s)", [list(noted)])
        connection.cursor().executemany(
            """
            insert into ops.skipped_files (source, reason) values (%s, %s)
            on conflict (source) do update set reason = excluded.reason
            """,
            list(noted.items()),
        )


def _archived(copy: Path, name: str, lists: CodeLists) -> dict[str, Any]:
    """The row of ops.deliveries for a file, whose content is in the archive by then."""
    sha256 = archive.sha256_of(copy)
    archive.keep(copy, sha256)
    return _delivery(copy, sha256, name, lists)


def _delivery(copy: Path, sha256: str, name: str, lists: CodeLists) -> dict[str, Any]:
    """The row of ops.deliveries for a file that arrives now."""
    cover = _cover(copy, name, lists)
    return {
        "sha256": sha256,
        "file_name": name,
        "size_bytes": copy.stat().st_size,
        "reporter_code": cover and cover.reporter_code,
        "period": cover and cover.period,
        "revision": cover and cover.revision,
        "revision_reason": cover and cover.reason,
        "is_synthetic": bool(cover and cover.is_synthetic),
        "received_at": datetime.now(UTC),
    }


def _note(connection: Connection, delivery: dict[str, Any], source: str, version: str) -> tuple[int, bool]:
    """Notes that a file arrived; the delivery, and whether its content is new."""
    inserted = connection.execute(
        """
        insert into ops.deliveries (
            sha256, file_name, size_bytes, reporter_code, period, revision, revision_reason, is_synthetic, received_at
        )
        values (
            %(sha256)s, %(file_name)s, %(size_bytes)s, %(reporter_code)s, %(period)s, %(revision)s,
            %(revision_reason)s, %(is_synthetic)s, %(received_at)s
        )
        on conflict (sha256) do nothing
        returning delivery_id
        """,
        delivery,
    ).fetchone()
    row = (
        inserted
        or connection.execute("select delivery_id from ops.deliveries where sha256 = %(sha256)s", delivery).fetchone()
    )
    assert row is not None
    connection.execute(
        "insert into ops.arrivals (source, version, delivery_id) values (%s, %s, %s) on conflict do nothing",
        [source, version, row[0]],
    )
    return row[0], inserted is not None


def _cover(copy: Path, name: str, lists: CodeLists) -> Cover | None:
    # A file that cannot be read is a delivery all the same; the loader says what is wrong with it.
    try:
        return open_source(copy, name, lists).cover
    except RefusedFile:
        return None
