"""Deployments: which code a warehouse belongs to. Only that code writes into it.

A process of an older version that was left running, a checkout that was updated and not deployed yet, a backup of
another version: each would write what the tables and models of the warehouse do not expect.
"""

import getpass
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import Connection

from mangnon.failures import Failure
from mangnon.vietnamese import iso_moment
from mangnon.warehouse.code_hash import PACKAGE, code_hash, has_changed

MIGRATIONS = PACKAGE / "deployment" / "migrations" / "versions"
# How a warehouse answers that no version which knows `ops.deployments` as it is now has deployed.
NOT_DEPLOYED = (
    psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName,
    psycopg.errors.InsufficientPrivilege,
)  # fmt: skip

# Rows of the code's deployment that was cut off, unless another version was deployed since.
CUT_OFF = """
    code_hash = %s
    and deployment_id > coalesce((select max(deployment_id) from ops.deployments where is_complete), 0)
"""


class OtherCode(Failure):
    """The warehouse belongs to another version of the code."""


def check(connection: Connection) -> None:
    """Raises OtherCode, with what to do, unless the warehouse belongs to this code."""
    if has_changed():
        raise OtherCode(
            "the code has changed since this process started; nothing was written. Restart it: `make down`, `make up`"
        )
    migration = _migration(connection)
    if migration is not None:
        _refuse_newer(migration)
    deployed = _newest(connection)
    if deployed is None:
        raise OtherCode("the warehouse was not deployed by this version yet: run `mangnon deploy`")
    name, code, deployed_migration, day, is_complete = deployed
    if not is_complete:
        raise OtherCode(
            f"the deployment of version {name} on {day} was cut off; nothing was written. Run `mangnon deploy` again: "
            "it resumes where it stopped"
        )
    if (code, deployed_migration) != (code_hash(), migration):
        raise OtherCode(
            f"the warehouse belongs to other code than this, deployed as version {name} on {day}; nothing was written. "
            "Is this the version that you want? Then run `mangnon deploy`; else stop this process"
        )


def check_not_newer(connection: Connection) -> None:
    """Raises OtherCode when the warehouse has migrations that this code does not know."""
    if (migration := _migration(connection)) is not None:
        _refuse_newer(migration)


def is_current(connection: Connection) -> bool:
    """Whether the newest deployment was one of this code, and was not cut off."""
    deployed = _newest(connection)
    return deployed is not None and deployed[1] == code_hash() and deployed[4]


def accepted_before(connection: Connection) -> set[str]:
    """Returns the changes that an interrupted deployment of this code accepted: their reason is recorded already."""
    row = _one(
        connection,
        f"""
        select array_agg(change)
        from ops.deployments
        cross join unnest(accepted_changes) as changes (change)
        where {CUT_OFF}
        """,
        code_hash(),
    )
    return set(row[0] or ()) if row else set()


def begin(connection: Connection, accepted_changes: list[str], reason: str | None) -> None:
    """Notes what is about to be broken, and why, before it is. Until the end nobody writes."""
    if accepted_changes:
        _insert(connection, accepted_changes, reason, is_complete=False)


def finish(connection: Connection) -> None:
    """Notes that the warehouse belongs to this code now."""
    begun = connection.execute(
        f"update ops.deployments set is_complete = true, deployed_at = now() where {CUT_OFF}".encode(), [code_hash()]
    )
    if not begun.rowcount:
        _insert(connection, [], None, is_complete=True)


def number_of(migration: Path) -> str:
    """The number of a migration, such as 0007: it begins the name of its file."""
    return migration.name.partition("_")[0]


def _insert(connection: Connection, accepted_changes: list[str], reason: str | None, is_complete: bool) -> None:
    connection.execute(
        """
        insert into ops.deployments (version, code_hash, migration, deployed_by, accepted_changes, reason, is_complete)
        values (%s, %s, (select version_num from public.alembic_version), %s, %s, %s, %s)
        """,
        [version("mangnon"), code_hash(), getpass.getuser(), accepted_changes, reason, is_complete],
    )


def _newest(connection: Connection) -> tuple[str, str, str, str, bool] | None:
    """Version, code, migration and day of the newest deployment, and whether it came to its end."""
    row = _one(
        connection,
        """
        select version, code_hash, migration, deployed_at, is_complete
        from ops.deployments
        order by deployment_id desc
        limit 1
        """,
    )
    return row and (*row[:3], iso_moment(row[3]), row[4])


def _migration(connection: Connection) -> str | None:
    row = _one(connection, "select version_num from public.alembic_version")
    return row[0] if row else None


def _refuse_newer(migration: str) -> None:
    if migration not in map(number_of, MIGRATIONS.glob("*.sql")):
        raise OtherCode(
            f"the warehouse is at migration {migration}, which this code does not know: a newer version was deployed. "
            "Nothing was written. Use that version, or restore the backup that was made before it was deployed "
            "(docs/runbooks/upgrade.md)"
        )


def _one(connection: Connection, query: str, *values: str) -> tuple | None:
    """The one row; None without one, or where no version that knows these tables and columns was deployed yet."""
    try:
        return connection.execute(query.encode(), values).fetchone()
    except NOT_DEPLOYED:
        return None
