"""The ledger: batches of loads, the candidate that shows them, and the releases that BI sees.

Which loads count is a pure function of all loads that were not refused, whatever the order of their arrival: of each
reporter, form and period the highest revision counts; a revision that two different contents claim counts for neither,
and what a person holds is not there. A rollback sets that aside for the keys it changes, until something new arrives
for such a key or a person holds or releases one of its loads: then its highest revision counts again.
"""

from mangnon.failures import Failure
from mangnon.ledger import approvals
from mangnon.warehouse import Connection

# The keys of which a person said since the last release that a load should count no more, or again: those with a load
# that counts although it is held (unless a rollback restored one of a tie), or that was released and waits.
DECIDED_BY_PERSONS = """
    select loads.reporter_code, loads.form, loads.period
    from ops.loads
    inner join ops.published_loads using (load_id)
    inner join ops.releases on published_loads.from_release = releases.release_id
    where loads.state = 'held'
        and published_loads.until_release = 2147483647
        and (loads.held_by is not null or releases.restores is null)
    union
    select loads.reporter_code, loads.form, loads.period
    from ops.loads
    inner join ops.batches using (batch_id)
    where loads.state = 'modelled' and batches.state = 'published'
"""

# Of the keys that these batches touch, or of which a person decided: the load that should count now, by revision and
# content. Of a delivery its newest reading speaks.
WINNERS = f"""
    with touched as (
        select reporter_code, form, period
        from ops.loads
        where batch_id = any(%(batches)s) and form is not null
        union
        {DECIDED_BY_PERSONS}
    ),

    readings as (
        select distinct on (loads.delivery_id, loads.form)
            loads.load_id,
            loads.reporter_code,
            loads.form,
            loads.period,
            loads.revision,
            loads.content_hash,
            loads.held_by
        from touched
        inner join ops.loads using (reporter_code, form, period)
        where loads.state in ('modelled', 'accepted', 'same', 'held')
        order by loads.delivery_id asc, loads.form asc, loads.load_id desc
    ),

    revisions as (
        select
            reporter_code,
            form,
            period,
            revision,
            min(load_id) as load_id,
            min(content_hash) as content_hash,
            min(content_hash) <> max(content_hash) as is_tied
        from readings
        where held_by is null
        group by reporter_code, form, period, revision
    ),

    winners as (
        select distinct on (reporter_code, form, period) *
        from revisions
        where not is_tied
        order by reporter_code, form, period, revision desc
    )
"""


class CandidateGone(Failure):
    """The candidate was published, refused or replaced by another process."""

    def __init__(self, release_id: int) -> None:
        super().__init__(f"release {release_id} is no candidate any more: another process replaced or decided it")


def build_candidate(connection: Connection, batches: list[int], fingerprint: str) -> int | None:
    """Makes the candidate release in which the batches' loads count; None when nothing would change.

    A candidate that was left open is replaced: its batches are still closed, so they are taken along.
    """
    _replace_candidate(connection)
    _hold_again(connection, batches)
    _hold_ties(connection, batches)
    changes = connection.execute(
        f"""
        {WINNERS}
        select
            touched.reporter_code,
            touched.form,
            touched.period,
            winners.load_id as new_load_id,
            published_loads.load_id as old_load_id
        from touched
        left join winners using (reporter_code, form, period)
        left join ops.published_loads
            on touched.reporter_code = published_loads.reporter_code
            and touched.form = published_loads.form
            and touched.period = published_loads.period
            and published_loads.until_release = 2147483647
        left join ops.loads on published_loads.load_id = loads.load_id
        where winners.content_hash is distinct from loads.content_hash
            -- What is held counts no more, even if another load says the same.
            or (loads.held_by is not null and winners.load_id is distinct from loads.load_id)
        """,
        {"batches": batches},
    ).fetchall()
    if not changes:
        _finish_batches(connection, batches)
        _finish_released(connection)
        connection.commit()
        return None
    release_id = _next_release(connection, fingerprint)
    connection.execute(
        "insert into ops.release_batches (release_id, batch_id) select %s, unnest(%s::bigint[])", [release_id, batches]
    )
    connection.execute(
        """
        update ops.published_loads
        set releases = int4range(from_release, %s)
        where load_id = any(%s) and until_release = 2147483647
        """,
        [release_id, [old_load_id for *_, old_load_id in changes if old_load_id]],
    )
    connection.cursor().executemany(
        """
        insert into ops.published_loads (reporter_code, form, period, load_id, releases)
        values (%s, %s, %s, %s, int4range(%s, null))
        """,
        [(*key, new_load_id, release_id) for *key, new_load_id, _ in changes if new_load_id],
    )
    connection.commit()
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
    connection.commit()
    return release_id


# A load that counts in both releases keeps its open range.
ROLLBACK = (
    """
    update ops.releases
    set restores = %(restored)s, requested_by = %(by)s, request_reason = %(reason)s
    where release_id = %(new)s
    """,
    """
    update ops.published_loads
    set releases = int4range(from_release, %(new)s)
    where until_release = 2147483647
        and load_id not in (
            select load_id from ops.published_loads
            where from_release <= %(restored)s and until_release > %(restored)s
        )
    """,
    """
    insert into ops.published_loads (reporter_code, form, period, load_id, releases)
    select reporter_code, form, period, load_id, int4range(%(new)s, null)
    from ops.published_loads
    where from_release <= %(restored)s
        and until_release > %(restored)s
        and load_id not in (select load_id from ops.published_loads where until_release = 2147483647)
    """,
    # What was published despite warnings is shown despite them again.
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
    columns = connection.execute(
        """
        select
            tables.relname,
            string_agg(quote_ident(attname), ', ' order by attnum) filter (where attname <> 'release_id')
        from pg_class as tables
        inner join pg_attribute on tables.oid = attrelid
        where relnamespace = 'core'::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped
        group by tables.relname
        having bool_or(attname = 'release_id')
        """
    ).fetchall()
    # The tables are the transformer's; copying as that role keeps it one transaction, and needs no further privilege.
    connection.execute("set local role transformer")
    for table, others in columns:
        connection.execute(
            f"""
            insert into core.{table} (release_id, {others})
            select %(new)s, {others} from core.{table} where release_id = %(restored)s
            """,
            parameters,
        )


def _replace_candidate(connection: Connection) -> None:
    for row in connection.execute("select release_id from ops.releases where state = 'candidate'").fetchall():
        _undo(connection, row[0], "replaced", "replaced by a newer candidate")


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
    connection.commit()
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
        connection.rollback()
        raise CandidateGone(release_id)
    batches = connection.execute("select batch_id from ops.release_batches where release_id = %s", [release_id])
    _finish_batches(connection, [row[0] for row in batches])
    if published[0] is None:  # a rollback looks at no load: what persons decided waits for the next release
        _finish_released(connection)
    connection.commit()


def refuse(connection: Connection, release_id: int, refused_for: str, reason: str) -> None:
    """Puts the ranges back; the batches stay closed, and the next publishing takes them along.

    `refused_for` is `critical`, or `warnings` when a person may let it pass. Raises CandidateGone.
    """
    _undo(connection, release_id, refused_for, reason)
    connection.commit()


def _undo(connection: Connection, release_id: int, refused_for: str, reason: str) -> None:
    refused = connection.execute(
        """
        update ops.releases
        set state = 'refused', refused_for = %s, state_reason = %s
        where release_id = %s and state = 'candidate'
        """,
        [refused_for, reason, release_id],
    )
    if refused.rowcount != 1:
        connection.rollback()
        raise CandidateGone(release_id)
    connection.execute("delete from ops.published_loads where from_release = %s", [release_id])
    connection.execute(
        "update ops.published_loads set releases = int4range(from_release, null) where until_release = %s", [release_id]
    )


def decided_by_persons(connection: Connection) -> bool:
    """Whether loads that persons held or released wait for a release to say so."""
    row = connection.execute(f"select exists ({DECIDED_BY_PERSONS})").fetchone()
    connection.commit()
    return bool(row and row[0])


def _hold_again(connection: Connection, batches: list[int]) -> None:
    """What a person holds stays held when its delivery is read again."""
    connection.execute(
        """
        update ops.loads
        set state = 'held', held_by = held.held_by, state_reason = held.state_reason
        from ops.loads as held
        where loads.batch_id = any(%s)
            and loads.state = 'modelled'
            and held.state = 'held'
            and held.held_by is not null
            and loads.delivery_id = held.delivery_id
            and loads.form = held.form
        """,
        [batches],
    )


def _hold_ties(connection: Connection, batches: list[int]) -> None:
    """Holds both of two contents of one revision."""
    connection.execute(
        f"""
        {WINNERS}
        update ops.loads
        set state = 'held',
            state_reason = 'Hai tệp khác nhau cùng lần gửi ' || revisions.revision
                || ': hãy gửi lại tệp đúng với lần gửi ' || revisions.revision + 1 || '.'
        from revisions
        inner join readings using (reporter_code, form, period, revision)
        where revisions.is_tied and readings.held_by is null and loads.load_id = readings.load_id
        """,
        {"batches": batches},
    )


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
    _finish_loads(connection, [row[0] for row in waiting])


def _finish_batches(connection: Connection, batches: list[int]) -> None:
    _finish_loads(connection, batches)
    connection.execute(
        "update ops.batches set state = 'published', published_at = clock_timestamp() where batch_id = any(%s)",
        [batches],
    )


def _finish_loads(connection: Connection, batches: list[int]) -> None:
    connection.execute(
        """
        update ops.loads
        set state = case
            when loads.content_hash = counting.content_hash and loads.load_id <> counting.load_id then 'same'
            else 'accepted'
        end
        from ops.loads as offered
        left join ops.published_loads
            on offered.reporter_code = published_loads.reporter_code
            and offered.form = published_loads.form
            and offered.period = published_loads.period
            and published_loads.until_release = 2147483647
        left join ops.loads as counting on published_loads.load_id = counting.load_id
        where loads.load_id = offered.load_id
            and offered.batch_id = any(%s)
            and offered.state = 'modelled'
        """,
        [batches],
    )
