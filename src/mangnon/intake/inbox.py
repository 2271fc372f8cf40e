"""The inbox: new files become deliveries, once their content is safe in the archive."""

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from mangnon.contract.code_lists import CodeLists
from mangnon.intake import archive
from mangnon.ledger.code_lists import read_code_lists
from mangnon.reading.cover import Cover, refuse_reference
from mangnon.reading.opening import open_source
from mangnon.reading.problems import RefusedFile
from mangnon.settings import settings
from mangnon.warehouse import Connection

# Names of files that are still being written, or that a program keeps for itself.
UNFINISHED = (".part", ".tmp", ".crdownload", ".lock")


@dataclass(frozen=True)
class Collected:
    """The result of one look into the inbox."""

    new: list[int]  # delivery ids
    known_again: int  # files whose content had arrived before, under another name or in another place


def collect(connection: Connection) -> Collected:
    """Archives the files of the inbox that were not there before, and notes them as deliveries.

    A file is noted only after its content is safe in the archive, so that a run that was killed can be repeated.
    """
    files, folder = fsspec.url_to_fs(settings().inbox)
    if not files.exists(folder):
        files.makedirs(folder, exist_ok=True)
    known = {tuple(row) for row in connection.execute("select source, version from ops.arrivals")}
    lists = read_code_lists(connection)
    new, known_again = [], 0
    for source in sorted(files.find(folder)):
        name = PurePosixPath(source).name
        if name.startswith((".", "~$")) or name.endswith(UNFINISHED):
            continue
        version = files.ukey(source)
        if (source, version) in known:
            continue
        with tempfile.TemporaryDirectory(prefix="mangnon-") as folder_of_copy:
            copy = Path(folder_of_copy) / "delivery"
            files.get_file(source, str(copy))
            delivery = _archived(copy, name, lists)
        with connection.transaction():
            delivery_id, is_new = _note(connection, delivery, source, version)
        if is_new:
            new.append(delivery_id)
        else:
            known_again += 1
    return Collected(new, known_again)


def _archived(copy: Path, name: str, lists: CodeLists) -> dict[str, Any]:
    """The row of ops.deliveries for a file, whose content is in the archive by then."""
    sha256 = archive.sha256_of(copy)
    archive.keep(copy, sha256)
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
    }


def _note(connection: Connection, delivery: dict[str, Any], source: str, version: str) -> tuple[int, bool]:
    """Notes that a file arrived; the delivery, and whether its content is new."""
    inserted = connection.execute(
        """
        insert into ops.deliveries (
            sha256, file_name, size_bytes, reporter_code, period, revision, revision_reason, is_synthetic
        )
        values (
            %(sha256)s, %(file_name)s, %(size_bytes)s, %(reporter_code)s, %(period)s, %(revision)s,
            %(revision_reason)s, %(is_synthetic)s
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
        cover = open_source(copy, name, lists).cover
        refuse_reference(cover)
        return cover
    except RefusedFile:
        return None
