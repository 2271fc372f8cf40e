"""The inbox: new files become deliveries, once their content is safe in the archive."""

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from mangnon.contract.code_lists import OFFICE, CodeLists
from mangnon.intake import archive, places
from mangnon.ledger.code_lists import read_code_lists
from mangnon.reading.cells import storable
from mangnon.reading.cover import Cover
from mangnon.reading.isolation.client import ReadingFailed, read_cover
from mangnon.reading.problems import RefusedFile
from mangnon.settings import settings
from mangnon.warehouse import Connection


@dataclass(frozen=True)
class Collected:
    """The result of one look into the inbox."""

    new: list[int]  # delivery ids
    known_again: int  # files whose content had arrived before in the same place, under another name
    misplaced: list[str]  # paths below the inbox that lie in no place, and were not read


def collect(connection: Connection) -> Collected:
    """Archives the files of the inbox that were not there before, and notes them as deliveries.

    A file is noted only after its content is safe in the archive, so that a run that was killed can be repeated.
    """
    files, folder = fsspec.url_to_fs(settings().inbox)
    if not files.exists(folder):
        files.makedirs(folder, exist_ok=True)
    known = {tuple(row) for row in connection.execute("select source, version from ops.arrivals")}
    lists = read_code_lists(connection)
    known_places = places.places(lists)
    new, known_again, misplaced = [], 0, []
    for source in sorted(files.find(folder)):
        name = PurePosixPath(source).name
        if places.is_left_alone(name):
            continue
        path = places.below(folder, source)
        place = places.place_of(path, known_places)
        if place is None:
            misplaced.append(path)
            continue
        version = files.ukey(source)
        if (source, version) in known:
            continue
        with tempfile.TemporaryDirectory(prefix="mangnon-") as folder_of_copy:
            copy = Path(folder_of_copy) / "delivery"
            files.get_file(source, str(copy))
            delivery = _archived(copy, name, place, lists)
        with connection.transaction():
            delivery_id, is_new = _note(connection, delivery, source, version)
        if is_new:
            new.append(delivery_id)
        else:
            known_again += 1
    with connection.transaction():
        places.note_misplaced(connection, misplaced)
    return Collected(new, known_again, misplaced)


def _archived(copy: Path, name: str, place: str, lists: CodeLists) -> dict[str, Any]:
    """The row of ops.deliveries for a file, whose content is in the archive by then."""
    sha256 = archive.sha256_of(copy)
    archive.keep(copy, sha256)
    cover = _cover(copy, name, place, sha256, lists)
    return {
        "sha256": sha256,
        "place": place,
        "file_name": storable(name),
        "size_bytes": copy.stat().st_size,
        "reporter_code": cover.reporter_code if cover else None if place == OFFICE else place,
        "period": cover and cover.period,
        "revision": cover and cover.revision,
        "revision_reason": cover and cover.reason,
        "is_synthetic": bool(cover and cover.is_synthetic),
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
                place = %(place)s
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
            sha256, place, file_name, size_bytes, reporter_code, period, revision, revision_reason, is_synthetic
        )
        values (
            %(sha256)s, %(place)s, %(file_name)s, %(size_bytes)s, %(reporter_code)s, %(period)s, %(revision)s,
            %(revision_reason)s, %(is_synthetic)s
        )
        on conflict (sha256, place) do nothing
        returning delivery_id
        """,
        delivery,
    ).fetchone()
    return row[0] if row else None


def _cover(copy: Path, name: str, place: str, sha256: str, lists: CodeLists) -> Cover | None:
    # A file that cannot be read is a delivery all the same; the loader says what is wrong with it.
    try:
        # In the place of the office each file may be somebody else's.
        return read_cover(copy, name, lists, place, sender=sha256 if place == OFFICE else place)
    except (RefusedFile, ReadingFailed):
        return None
