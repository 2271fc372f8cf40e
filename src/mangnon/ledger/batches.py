"""Batches: what one night, or one backfill, read; from closing on a batch never changes."""

from mangnon.contract.forms import all_forms, core_tables
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql


def open_night(connection: Connection) -> int:
    """The open batch of the night, kept from being closed until the caller's transaction ends."""
    connection.execute("insert into ops.batches (kind) values ('night') on conflict do nothing")
    row = connection.execute(
        "select batch_id from ops.batches where kind = 'night' and state = 'open' for share"
    ).fetchone()
    return row[0] if row else open_night(connection)


def note_collected(connection: Connection) -> None:
    """Notes that a night looked through the inbox: opens its batch, or dates the open one anew while it is empty.

    So a night that finds nothing can be told from one that never came.
    """
    connection.execute("insert into ops.batches (kind) values ('night') on conflict do nothing")
    connection.execute(read_sql(__package__, "open_empty_night_anew"))


def close_night(connection: Connection) -> int | None:
    """Closes the night's batch when it has loads; from then on it never changes.

    Returns the batch; or one that was closed before and was never offered in a release, since whoever closed it may
    have been killed before saying so; else None.
    """
    closed = connection.execute(
        """
        update ops.batches
        set state = 'closed', closed_at = clock_timestamp()
        where kind = 'night'
            and state = 'open'
            and exists (select from ops.loads where loads.batch_id = batches.batch_id)
        returning batch_id
        """
    ).fetchone()
    forgotten = connection.execute(
        """
        select max(batch_id) from ops.batches
        where state = 'closed'
            and not exists (select from ops.release_batches where release_batches.batch_id = batches.batch_id)
        """
    ).fetchone()
    row = closed or forgotten
    return row[0] if row else None


def closed_batches(connection: Connection) -> list[int]:
    """The batches that wait to be published, oldest first."""
    rows = connection.execute("select batch_id from ops.batches where state = 'closed' order by batch_id").fetchall()
    return [row[0] for row in rows]


def tables_to_model(connection: Connection, batches: list[int]) -> list[str]:
    """The tables of the core that rows of the batches' loads go to; none if all loads were refused or held."""
    rows = connection.execute(
        "select distinct form from ops.loads where batch_id = any(%s) and state in ('loaded', 'modelled')", [batches]
    ).fetchall()
    return sorted({table for (form,) in rows for table in core_tables(all_forms()[form])})
