"""Copies of what was computed for a release: a zip in the archive, with a CSV for each table that pruning removes.

To compute such a table again would make another one: the code has changed since, and so has what became of the loads.
"""

import hashlib
import io
import shutil
import zipfile
from typing import IO

import psycopg
from psycopg import sql

from mangnon import warehouse
from mangnon.failures import Failure
from mangnon.intake.archive import Damaged, NotArchived
from mangnon.settings import settings
from mangnon.stores import NotReadable, open_store
from mangnon.warehouse import Connection

HEAL = "bring it back from the backup"


class OfOtherVersion(Failure):
    """The copy has a table or a column that this version does not know."""


def keep(release_id: int) -> str:
    """Writes the copy of a release that is whole; its sha256. Raises StoreFailure."""
    content = io.BytesIO()
    with warehouse.connect("auditor") as connection, zipfile.ZipFile(content, "w") as copy:
        for table, columns in _prunable(connection):
            # Without a time, so that the same rows have the same sha256.
            member = zipfile.ZipInfo(f"{table}.csv")
            member.compress_type = zipfile.ZIP_DEFLATED
            query = sql.SQL("copy (select {} from {} where release_id = {}) to stdout (format csv, header)").format(
                _names(columns), sql.Identifier("core", table), release_id
            )
            with copy.open(member, "w") as file, connection.cursor().copy(query) as rows:
                for block in rows:
                    file.write(block)
    sha256 = hashlib.sha256(content.getvalue()).hexdigest()
    open_store("archive").write(_path(release_id, sha256), content.getvalue())
    return sha256


def bring_back(connection: Connection, release_id: int, sha256: str) -> None:
    """Puts the rows of a release's copy into the core again, as the role transformer.

    Repeating it leaves the same rows. Raises OfOtherVersion, NotArchived, Damaged or StoreFailure.
    """
    with zipfile.ZipFile(io.BytesIO(_read(release_id, sha256))) as copy:
        try:
            for name in copy.namelist():
                with copy.open(name) as file:
                    _fill(connection, name.removesuffix(".csv"), release_id, file)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise OfOtherVersion(
                f"the copy of release {release_id} was made by another version ({str(error).splitlines()[0]}): "
                "the release stays pruned. Read its CSV files as they are, or restore a backup of that time elsewhere"
            ) from error


def _fill(connection: Connection, name: str, release_id: int, file: IO[bytes]) -> None:
    table = sql.Identifier("core", name)
    connection.execute(sql.SQL("delete from {} where release_id = {}").format(table, release_id))
    # Later versions may have added columns, so the header says which there are.
    columns = file.readline().decode().strip().split(",")
    into = sql.SQL("copy {} ({}) from stdin (format csv)").format(table, _names(columns))
    with connection.cursor().copy(into) as rows:
        shutil.copyfileobj(file, rows)


def _prunable(connection: Connection) -> list[tuple[str, list[str]]]:
    """The tables that pruning removes, each with its columns."""
    return connection.execute(
        """
        select table_name, array_prepend('release_id', string_to_array(other_columns, ', '))
        from ops.computed_tables
        where not stays
        order by table_name
        """
    ).fetchall()


def _names(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _read(release_id: int, sha256: str) -> bytes:
    path = _path(release_id, sha256)
    address = f"{settings().archive}/{path}"
    try:
        content = open_store("archive").read(path)
    except NotReadable as error:
        raise NotArchived(f"the archive has no copy of release {release_id} at {address} ({error}): {HEAL}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Damaged(f"the copy of release {release_id} at {address} is damaged, it has another sha256: {HEAL}")
    return content


def _path(release_id: int, sha256: str) -> str:
    return f"releases/{release_id}-{sha256}.zip"
