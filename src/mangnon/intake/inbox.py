"""The inbox: new files become deliveries, once their content is safe in the archive."""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from mangnon.contract.code_lists import OFFICE, CodeLists
from mangnon.intake import archive, arrivals, places
from mangnon.ledger.code_lists import read_code_lists
from mangnon.reading.cells import storable
from mangnon.reading.cover import Cover
from mangnon.reading.isolation.client import ReadingFailed, read_cover
from mangnon.reading.problems import RefusedFile
from mangnon.stores import NotReadable, Skipped, Store, open_store, readable_name
from mangnon.warehouse import Connection


@dataclass(frozen=True)
class Collected:
    """The result of one look into the inbox."""

    new: list[int]  # delivery ids
    known_again: int  # files whose content had arrived before in the same place, under another name
    skipped: list[Skipped]  # what was not read, and will be looked at again the next time
    misplaced: list[str]  # paths below the inbox that lie in no place, and were not read


def collect(connection: Connection) -> Collected:
    """Archives the files of the inbox that were not there before, and notes them as deliveries.

    A file is noted only after its content is safe in the archive, so that a run that was killed can be repeated.
    A file that cannot be read stops no other. Raises InboxGone, StoreFailure.
    """
    inbox = arrivals.open_inbox()
    known = {tuple(row) for row in connection.execute("select source, version from ops.arrivals")}
    lists = read_code_lists(connection)
    new, known_again = [], 0
    found = arrivals.look(inbox, known, places.places(lists))
    for place, entry in found.files:
        name = storable(readable_name(PurePosixPath(entry.path).name))
        with tempfile.TemporaryDirectory(prefix="mangnon-") as folder_of_copy:
            copy = Path(folder_of_copy) / "delivery"
            try:
                inbox.fetch(entry.path, copy)
            except NotReadable as error:
                found.skipped.append(Skipped(entry.path, f"{error}; the next night tries again"))
                continue
            sha256 = archive.sha256_of(copy)
            archive.keep(copy, sha256)
            delivery = _delivery(copy, sha256, name, place, lists)
        with connection.transaction():
            delivery_id, is_new = _note(connection, delivery, arrivals.source_of(inbox, entry.path), entry.version)
            _write_archive_note(connection, delivery_id)
        if is_new:
            new.append(delivery_id)
        else:
            known_again += 1
    with connection.transaction():
        _note_skipped(connection, inbox, found.skipped)
        places.note_misplaced(connection, found.misplaced)
    return Collected(new, known_again, found.skipped, found.misplaced)


def look_for_misplaced(connection: Connection) -> int:
    """Notes the files of the inbox that lie in no place. Returns how many there are; 0 without an inbox."""
    inbox = open_store("inbox")
    if not inbox.is_there():
        return 0
    misplaced = arrivals.misplaced_in(inbox.look(), places.places(read_code_lists(connection)))
    with connection.transaction():
        places.note_misplaced(connection, misplaced)
    return len(misplaced)


def deliver_again(connection: Connection, note: archive.Note, copy: Path, lists: CodeLists) -> bool:
    """Notes an archived file as a delivery, as its note says that it arrived; whether it is new."""
    delivery = _delivery(copy, note.sha256, note.file_name, note.place, lists) | {"received_at": note.received_at}
    source = f"{open_store('inbox').name}/{note.place or ''}/{note.file_name}"
    with connection.transaction():
        return _note(connection, delivery, source, note.sha256)[1]


def _write_archive_note(connection: Connection, delivery_id: int) -> None:
    row = connection.execute(
        "select sha256, place, file_name, received_at from ops.deliveries where delivery_id = %s", [delivery_id]
    ).fetchone()
    assert row is not None
    archive.write_note(archive.Note(*row))


def _note_skipped(connection: Connection, inbox: Store, skipped: list[Skipped]) -> None:
    """Notes what lies in the inbox now and was not read, in place of what was noted the last time."""
    noted = {arrivals.source_of(inbox, file.path): file.reason for file in skipped}
    connection.execute("delete from ops.skipped_files where not source = any(%s)", [list(noted)])
    connection.cursor().executemany(
        """
        insert into ops.skipped_files (source, reason) values (%s, %s)
        on conflict (source) do update set reason = excluded.reason
        """,
        list(noted.items()),
    )


def _delivery(copy: Path, sha256: str, name: str, place: str | None, lists: CodeLists) -> dict[str, Any]:
    """The row of ops.deliveries for a file that arrives now."""
    cover, reporter = _cover(copy, name, place, sha256, lists)
    return {
        "sha256": sha256,
        "place": place,
        "file_name": name,
        "size_bytes": copy.stat().st_size,
        "reporter_code": reporter,
        "period": cover and cover.period,
        "revision": cover and cover.revision,
        "revision_reason": cover and cover.reason,
        "is_synthetic": bool(cover and cover.is_synthetic),
        "received_at": datetime.now(UTC),
    }


def _note(connection: Connection, delivery: dict[str, Any], source: str, version: str) -> tuple[int, bool]:
    """Notes that a file arrived; the delivery, and whether it is new: its content was not in this place before."""
    known = _known(connection, delivery)
    # Another process may have noted it meanwhile.
    inserted = None if known else _insert(connection, delivery)
    delivery_id = known or inserted or _known(connection, delivery)
    connection.execute(
        "insert into ops.arrivals (source, version, delivery_id) values (%s, %s, %s) on conflict do nothing",
        [source, version, delivery_id],
    )
    assert delivery_id is not None
    return delivery_id, inserted is not None


def _known(connection: Connection, delivery: dict[str, Any]) -> int | None:
    """The delivery that has this content in this place.

    What came before there were places may be moved into the office's place or into its reporter's. If its reporter was
    not recognised, it is the same file if it has the same name.
    """
    row = connection.execute(
        """
        select delivery_id
        from ops.deliveries
        where sha256 = %(sha256)s
            and (
                place is not distinct from %(place)s
                or place is null and %(place)s in (%(office)s, reporter_code)
                or place is null and reporter_code is null and file_name = %(file_name)s
            )
        order by place
        limit 1
        """,
        {**delivery, "office": OFFICE},
    ).fetchone()
    return row[0] if row else None


def _insert(connection: Connection, delivery: dict[str, Any]) -> int | None:
    row = connection.execute(
        """
        insert into ops.deliveries (
            sha256, place, file_name, size_bytes, reporter_code, period, revision, revision_reason, is_synthetic,
            received_at
        )
        values (
            %(sha256)s, %(place)s, %(file_name)s, %(size_bytes)s, %(reporter_code)s, %(period)s, %(revision)s,
            %(revision_reason)s, %(is_synthetic)s, %(received_at)s
        )
        on conflict (sha256, place) do nothing
        returning delivery_id
        """,
        delivery,
    ).fetchone()
    return row[0] if row else None


def _cover(copy: Path, name: str, place: str | None, sha256: str, lists: CodeLists) -> tuple[Cover | None, str | None]:
    """The cover of a file, if it can be read, and whose file it is.

    One that cannot be read is a delivery all the same. The loader says what is wrong with it, and whoever has the place
    is told; in the office's place whoever the file names.
    """
    named = None if place == OFFICE else place
    try:
        cover = read_cover(copy, name, lists, place, places.sender_of(place, None, sha256))
    except RefusedFile as refusal:
        return None, named or (refusal.reporter if refusal.reporter in lists.reporters else None)
    except ReadingFailed:
        return None, named
    return cover, cover.reporter_code
