"""The vital signs of the warehouse, read from `ops` in one short query: what is visible, what waits, since when.

Metrics, the deadline and `mangnon doctor` all look at these. The ledger is the truth: nothing is counted in a process.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from mangnon.ledger import approvals
from mangnon.warehouse import PUBLISH_LOCK, Connection
from mangnon.warehouse.sql_files import read_sql


@dataclass(frozen=True)
class Vitals:
    """How the warehouse is at one moment; what does not exist is None."""

    deployed_at: datetime | None  # the oldest view of the marts
    collected_at: datetime | None  # when a night last looked through the inbox
    unread: int  # deliveries in the archive that were not read
    unread_since: datetime | None
    misplaced: int  # files that lie in no place of the inbox, when somebody last looked
    open_batch: int | None  # one that has loads and was not closed: the night's, else a backfill's
    open_kind: str | None
    open_since: datetime | None
    last_load_at: datetime | None  # of the open batch
    waiting_batches: int  # closed, and not published
    waiting_since: datetime | None
    candidate: int | None
    candidate_since: datetime | None
    refused: int | None  # the newest release, if what was decided of it last is that it was refused
    refused_for: str | None
    refused_reason: str | None  # Vietnamese
    approval: int | None  # the release that waits for a person
    release: int | None  # what readers see
    published_at: datetime | None
    archive_checked_at: datetime | None  # when every archived file was last read and compared
    archive_files: int | None  # that this check looked at
    archive_damaged: int | None
    archive_missing: int | None
    is_publishing: bool  # some process holds the right to publish at this moment


def read(connection: Connection) -> Vitals:
    """The vital signs now."""
    with connection.cursor(row_factory=class_row(Vitals)) as cursor:
        parameters = {"approval": approvals.waiting_release(connection), "lock": PUBLISH_LOCK}
        row = cursor.execute(read_sql(__package__, "vitals"), parameters).fetchone()
    assert row is not None
    return row
