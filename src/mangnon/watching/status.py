"""The status: deliveries, loads, refusals and releases with their reasons, read from `ops`."""

from datetime import date
from typing import Any

from psycopg.rows import dict_row

from mangnon.ledger import approvals
from mangnon.publishing import lists
from mangnon.stores import StoreFailure, open_store
from mangnon.stores.mark import what_is_missing
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql


def tables(connection: Connection, period: date | None) -> dict[str, list[dict[str, Any]]]:
    """The tables by title, each a list of rows; of one month only, when a period is given."""
    parameters = {"period": period, "waiting": approvals.waiting_release(connection)}
    queries = {
        "Releases": "releases",
        "Deliveries and loads by reporter": "reporters",
        "In no place of the inbox, not read": "misplaced",
        "Deliveries that failed unexpectedly": "failed_deliveries",
        "Refused and held, newest first": "refused_and_held",
        "Not read in the inbox": "skipped",
        "Verdicts of the last 7 days that were not met": "verdicts",
        "Told to reporters, newest first": "told",
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        found = {
            title: cursor.execute(read_sql(__package__, query), parameters).fetchall()
            for title, query in queries.items()
        }
    return found | {"Lists of reference data": lists.in_use(connection)}


def wrong_with_inbox() -> str | None:
    """Why no night can collect; None if the inbox is there."""
    try:
        return what_is_missing(open_store("inbox"))
    except StoreFailure as failure:
        return str(failure)


def has_synthetic(connection: Connection) -> bool:
    """Whether any delivery is synthetic."""
    row = connection.execute("select exists (select from ops.deliveries where is_synthetic)").fetchone()
    return row == (True,)
