"""The vital signs of the warehouse, read from `ops` in one short query: what is visible, what waits, since when.

Metrics, the deadline and `mangnon doctor` all look at these. The ledger is the truth: nothing is counted in a process.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from mangnon.ledger import approvals
from mangnon.warehouse import PUBLISH_LOCK, Connection


@dataclass(frozen=True)
class Vitals:
    """How the warehouse is at one moment; what does not exist is None."""

    deployed_at: datetime | None  # the oldest view of the marts
    collected_at: datetime | None  # when a night last looked through the inbox
    unread: int  # deliveries in the archive that were not read
    unread_since: datetime | None
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
    is_publishing: bool  # some process holds the right to publish at this moment


QUERY = """
    with unread as (
        select count(*) as unread, min(received_at) as unread_since
        from ops.deliveries
        where not exists (select from ops.loads where loads.delivery_id = deliveries.delivery_id)
    ),

    opened as (
        select batch_id as open_batch, kind as open_kind, opened_at as open_since, last_load_at
        from ops.batches
        cross join lateral (
            select max(loaded_at) as last_load_at from ops.loads where loads.batch_id = batches.batch_id
        ) as loads
        where state = 'open' and last_load_at is not null
        order by kind = 'night' desc, batch_id
        limit 1
    ),

    waiting as (
        select count(*) as waiting_batches, min(closed_at) as waiting_since from ops.batches where state = 'closed'
    ),

    nights as (
        select max(greatest(opened_at, closed_at)) as collected_at from ops.batches where kind = 'night'
    ),

    candidate as (
        select release_id as candidate, created_at as candidate_since from ops.releases where state = 'candidate'
    ),

    decided as (
        select release_id, state, refused_for, state_reason
        from ops.releases
        where state = 'published' or refused_for in ('critical', 'warnings')
        order by release_id desc
        limit 1
    ),

    visible as (
        select release_id as release, published_at
        from ops.releases
        where state = 'published'
        order by release_id desc
        limit 1
    )

    select
        (select min(deployed_at) from ops.deployed_views) as deployed_at,
        collected_at,
        unread,
        unread_since,
        open_batch,
        open_kind,
        open_since,
        last_load_at,
        waiting_batches,
        waiting_since,
        candidate,
        candidate_since,
        case when decided.state = 'refused' then decided.release_id end as refused,
        decided.refused_for,
        decided.state_reason as refused_reason,
        %(approval)s::integer as approval,
        release,
        published_at,
        exists (
            select from pg_locks
            where locktype = 'advisory'
                and (classid, objid, objsubid) = (0, %(lock)s, 1)
                and database = (select oid from pg_database where datname = current_database())
        ) as is_publishing
    from unread
    cross join waiting
    cross join nights
    left join opened on true
    left join candidate on true
    left join decided on true
    left join visible on true
"""


def read(connection: Connection) -> Vitals:
    """The vital signs now."""
    with connection.cursor(row_factory=class_row(Vitals)) as cursor:
        parameters = {"approval": approvals.waiting_release(connection), "lock": PUBLISH_LOCK}
        row = cursor.execute(QUERY, parameters).fetchone()
    assert row is not None
    return row
