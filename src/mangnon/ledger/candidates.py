"""The ledger: batches of loads, the candidate that shows them, and the releases that BI sees.

Which loads count is a pure function of all loads that were not refused, whatever the order of their arrival: of each
reporter, form and period the highest revision counts; a revision that two different contents claim counts for neither,
and what a person holds is not there. A rollback sets that aside for the keys it changes, until something new arrives
for such a key or a person holds or releases one of its loads: then its highest revision counts again.

All that is done here is done in the transaction of the caller.
"""

from mangnon.failures import Failure
from mangnon.ledger import approvals, changes
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql


class CandidateGone(Failure):
    """The candidate was published, refused or replaced by another process."""

    def __init__(self, release_id: int) -> None:
        super().__init__(f"release {release_id} is no candidate any more: another process replaced or decided it")


def build_candidate(connection: Connection, batches: list[int], fingerprint: str) -> int | None:
    """Makes the candidate release in which the batches' loads count; None when nothing would change.

    A candidate that was left open is replaced: its batches are still closed, so they are taken along.
    """
    _replace_candidate(connection)
    for hold in ("hold_again", "hold_ties"):
        connection.execute(read_sql(__package__, hold), {"batches": batches})
    changes = connection.execute(read_sql(__package__, "candidate_changes"), {"batches": batches}).fetchall()
    if not changes:
        _finish_batches(connection, batches)
        _finish_released(connection)
        return None
    release_id = _next_release(connection, fingerprint)
    connection.execute(
        "insert into ops.release_batches (release_id, batch_id) select %s, unnest(%s::bigint[])", [release_id, batches]
    )
    connection.execute(
        "update ops.open_loads set releases = int4range(from_release, %s) where load_id = any(%s)",
        [release_id, [old_load_id for *_, old_load_id in changes if old_load_id]],
    )
    connection.cursor().executemany(
        """
        insert into ops.published_loads (reporter_code, form, period, load_id, releases)
        values (%s, %s, %s, %s, int4range(%s, null))
        """,
        [(*key, new_load_id, release_id) for *key, new_load_id, _ in changes if new_load_id],
    )
    # The views of the star join the ledger. On a new warehouse, autovacuum comes later than the first readers.
    connection.execute("analyze ops.published_loads")
    return release_id


def build_rollback(connection: Connection, restored: int, requested_by: str, reason: str) -> int:
    """Makes the candidate in which exactly the loads count that counted in the restored release.

    What was computed for that release is copied as it was published, whatever the code is today. A candidate that was
    left open is replaced; its batches stay closed, and the next night takes them along.
    """
    _replace_candidate(connection)
    fingerprint = connection.execute("select fingerprint from ops.releases where release_id = %s", [restored])
    release_id = _next_release(connection, fingerprint.fetchone()[0])  # type: ignore[index]
    parameters = {"new": release_id, "restored": restored, "by": requested_by, "reason": reason}
    for statement in ROLLBACK:
        connection.execute(statement, parameters)
    _copy_computed(connection, parameters)
    return release_id


# A load that counts in both releases keeps its open range.
ROLLBACK = (
    """
    update ops.releases
    set restores = %(restored)s, requested_by = %(by)s, request_reason = %(reason)s
    where release_id = %(new)s
    """,
    """
    update ops.open_loads
    set releases = int4range(from_release, %(new)s)
    where load_id not in (select load_id from ops.loads_in_release(%(restored)s))
    """,
    """
    insert into ops.published_loads (reporter_code, form, period, load_id, releases)
    select reporter_code, form, period, load_id, int4range(%(new)s, null)
    from ops.loads_in_release(%(restored)s)
    where load_id not in (select load_id from ops.open_loads)
    """,
    # A release that was published despite warnings is shown again despite the same warnings.
    """
    insert into ops.release_approvals (
        release_id, refused_release, rules, warnings, approved_by, reason, approved_at
    )
    select %(new)s, refused_release, rules, warnings, approved_by, reason, approved_at
    from ops.release_approvals
    where release_id = %(restored)s
    """,
)


def _copy_computed(connection: Connection, parameters: dict[str, object]) -> None:
    """Copies what was computed for the restored release: every table of the core that is keyed by release."""
    tables = connection.execute("select table_name, other_columns from ops.computed_tables").fetchall()
    # The tables are the transformer's; copying as that role keeps it one transaction, and needs no further privilege.
    connection.execute("set local role transformer")
    for table, others in tables:
        connection.execute(
            f"""
            insert into core.{table} (release_id, {others})
            select %(new)s, {others} from core.{table} where release_id = %(restored)s
            """,
            parameters,
        )


def _replace_candidate(connection: Connection) -> None:
    for row in connection.execute("select release_id from ops.releases where state = 'candidate'").fetchall():
        refuse(connection, row[0], "replaced", "replaced by a newer candidate")


def _next_release(connection: Connection, fingerprint: str) -> int:
    row = connection.execute(
        """
        insert into ops.releases (release_id, fingerprint)
        select coalesce(max(release_id), 0) + 1, %s from ops.releases
        returning release_id
        """,
        [fingerprint],
    ).fetchone()
    assert row is not None
    return row[0]


def check_candidate(connection: Connection, release_id: int) -> None:
    """Raises CandidateGone unless the release is still to be decided."""
    row = connection.execute("select state from ops.releases where release_id = %s", [release_id]).fetchone()
    if row != ("candidate",):
        raise CandidateGone(release_id)


def publish(connection: Connection, release_id: int, approval: approvals.Approval | None = None) -> None:
    """Makes the candidate what BI sees, and notes who let it pass. Raises CandidateGone, NotApprovable."""
    if approval:
        approvals.record(connection, release_id, approval)
    published = connection.execute(
        """
        update ops.releases
        set state = 'published', published_at = clock_timestamp()
        where release_id = %s and state = 'candidate'
        returning restores
        """,
        [release_id],
    ).fetchone()
    if published is None:
        raise CandidateGone(release_id)
    changes.note(connection, release_id)
    batches = connection.execute("select batch_id from ops.release_batches where release_id = %s", [release_id])
    _finish_batches(connection, [row[0] for row in batches])
    if published[0] is None:  # a rollback looks at no load: what persons decided waits for the next release
        _finish_released(connection)


def refuse(connection: Connection, release_id: int, refused_for: str, reason: str) -> None:
    """Puts the ranges back; the batches stay closed, and the next publishing takes them along.

    `refused_for` is `critical`, or `warnings` when a person may let it pass. Raises CandidateGone.
    """
    refused = connection.execute(
        """
        update ops.releases
        set state = 'refused', refused_for = %s, state_reason = %s
        where release_id = %s and state = 'candidate'
        """,
        [refused_for, reason, release_id],
    )
    if refused.rowcount != 1:
        raise CandidateGone(release_id)
    connection.execute("delete from ops.published_loads where from_release = %s", [release_id])
    connection.execute(
        "update ops.published_loads set releases = int4range(from_release, null) where until_release = %s", [release_id]
    )


def decided_by_persons(connection: Connection) -> bool:
    """Whether loads that persons held or released wait for a release to say so."""
    row = connection.execute("select exists (select from ops.keys_decided_by_persons)").fetchone()
    return bool(row and row[0])


def _finish_released(connection: Connection) -> None:
    """Loads that persons released have had their say."""
    waiting = connection.execute(
        """
        select distinct batch_id
        from ops.loads
        inner join ops.batches using (batch_id)
        where loads.state = 'modelled' and batches.state = 'published'
        """
    )
    connection.execute(read_sql(__package__, "finish_loads"), {"batches": [row[0] for row in waiting]})


def _finish_batches(connection: Connection, batches: list[int]) -> None:
    connection.execute(read_sql(__package__, "finish_loads"), {"batches": batches})
    connection.execute(
        "update ops.batches set state = 'published', published_at = clock_timestamp() where batch_id = any(%s)",
        [batches],
    )
