"""The ledger: batches of loads, the candidate that shows them, and the releases that BI sees.

Which loads count is a pure function of all loads that were not refused, whatever the order of their arrival: of each
reporter, form and period the highest revision counts; a revision that two different contents claim counts for neither.
"""

from mangnon.problems import Failure
from mangnon.warehouse import Connection

# The tables of the core that hold a form's rows.
CODE_DIMENSIONS = (
    "dim_event_types", "dim_programmes", "dim_occasions", "dim_support_types", "dim_funding_instruments",
    "dim_special_circumstances", "dim_abuse_types", "dim_injury_causes", "dim_age_bands", "dim_sexes",
)  # fmt: skip
CORE_TABLES = {
    "areas": ("dim_areas",),
    "reporters": ("dim_reporters",),
    "codes": CODE_DIMENSIONS,
    "figures": ("dim_figures",),
    "events": ("fct_events",),
    "beneficiaries": ("fct_beneficiaries",),
    "incidents": ("fct_incidents",),
    "programme_sites": ("fct_programme_sites",),
    "child_population": ("fct_child_population",),
}

# Of the keys that these batches touch: the load that should count now, by revision and content.
WINNERS = """
    with touched as (
        select distinct reporter_code, form, period
        from ops.loads
        where batch_id = any(%(batches)s) and form is not null
    ),

    readings as (
        select distinct on (loads.delivery_id, loads.form)
            loads.load_id,
            loads.reporter_code,
            loads.form,
            loads.period,
            loads.revision,
            loads.content_hash
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


def open_night(connection: Connection) -> int:
    """The open batch of the night, kept from being closed until the caller's transaction ends."""
    connection.execute("insert into ops.batches (kind) values ('night') on conflict do nothing")
    row = connection.execute(
        "select batch_id from ops.batches where kind = 'night' and state = 'open' for share"
    ).fetchone()
    return row[0] if row else open_night(connection)


def close_night(connection: Connection) -> int | None:
    """Closes the night's batch when it has loads; from then on it never changes."""
    row = connection.execute(
        """
        update ops.batches
        set state = 'closed', closed_at = clock_timestamp()
        where kind = 'night'
            and state = 'open'
            and exists (select from ops.loads where loads.batch_id = batches.batch_id)
        returning batch_id
        """
    ).fetchone()
    connection.commit()
    return row[0] if row else None


def closed_batches(connection: Connection) -> list[int]:
    """The batches that wait to be published, oldest first."""
    rows = connection.execute("select batch_id from ops.batches where state = 'closed' order by batch_id").fetchall()
    connection.commit()
    return [row[0] for row in rows]


def counting_reference_loads(connection: Connection) -> list[int]:
    """The reference loads that models use now."""
    rows = connection.execute("select load_id from ops.counting_reference_loads order by load_id").fetchall()
    connection.commit()
    return [row[0] for row in rows]


def note_modelled(connection: Connection, batches: list[int]) -> None:
    """Notes that the loads' rows are in the core, with a hash of their content, whatever its order and its place."""
    for form, tables in CORE_TABLES.items():
        parts = " union all ".join(_content_of(connection, table) for table in tables)
        connection.execute(
            f"""
            with modelled as (
                select load_id from ops.loads
                where batch_id = any(%(batches)s) and form = %(form)s and state = 'loaded'
            ),

            contents as (
                select load_id, md5(string_agg(content, '|' order by content)) as content_hash
                from ({parts}) as parts
                group by load_id
            )

            update ops.loads
            set state = 'modelled', content_hash = coalesce(contents.content_hash, 'empty')
            from modelled
            left join contents on contents.load_id = modelled.load_id
            where loads.load_id = modelled.load_id
            """,
            {"batches": batches, "form": form},
        )
    # The gates come next, long before autovacuum: without statistics the planner reads whole tables for a few loads.
    for table in (
        "ops.loads",
        "core.agg_measures",
        *(f"core.{table}" for every in CORE_TABLES.values() for table in every),
    ):
        connection.execute(f"analyze {table}")
    connection.commit()


def build_candidate(connection: Connection, batches: list[int], fingerprint: str) -> int | None:
    """Makes the candidate release in which the batches' loads count; None when nothing would change.

    A candidate that was left open is replaced: its batches are still closed, so they are taken along.
    """
    for row in connection.execute("select release_id from ops.releases where state = 'candidate'").fetchall():
        _undo(connection, row[0], "replaced by a newer candidate")
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
        """,
        {"batches": batches},
    ).fetchall()
    if not changes:
        _finish_batches(connection, batches)
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


def publish(connection: Connection, release_id: int) -> None:
    """Makes the candidate what BI sees. Raises CandidateGone."""
    flipped = connection.execute(
        """
        update ops.releases
        set state = 'published', published_at = clock_timestamp()
        where release_id = %s and state = 'candidate'
        """,
        [release_id],
    )
    if flipped.rowcount != 1:
        connection.rollback()
        raise CandidateGone(f"release {release_id} is no candidate any more: another process replaced it")
    batches = connection.execute("select batch_id from ops.release_batches where release_id = %s", [release_id])
    _finish_batches(connection, [row[0] for row in batches])
    connection.commit()


def refuse(connection: Connection, release_id: int, reason: str) -> None:
    """Puts the ranges back; the batches stay closed, and the next publishing takes them along."""
    _undo(connection, release_id, reason)
    connection.commit()


def _undo(connection: Connection, release_id: int, reason: str) -> None:
    refused = connection.execute(
        "update ops.releases set state = 'refused', state_reason = %s where release_id = %s and state = 'candidate'",
        [reason, release_id],
    )
    if refused.rowcount != 1:
        connection.rollback()
        raise CandidateGone(f"release {release_id} is no candidate any more: another process replaced it")
    connection.execute("delete from ops.published_loads where from_release = %s", [release_id])
    connection.execute(
        "update ops.published_loads set releases = int4range(from_release, null) where until_release = %s", [release_id]
    )


def _hold_ties(connection: Connection, batches: list[int]) -> None:
    connection.execute(
        f"""
        {WINNERS}
        update ops.loads
        set state = 'held',
            state_reason = 'Hai tệp khác nhau cùng lần gửi ' || revisions.revision
                || ': hãy gửi lại tệp đúng với lần gửi ' || revisions.revision + 1 || '.'
        from revisions
        inner join readings using (reporter_code, form, period, revision)
        where revisions.is_tied and loads.load_id = readings.load_id
        """,
        {"batches": batches},
    )


def _finish_batches(connection: Connection, batches: list[int]) -> None:
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
    connection.execute(
        "update ops.batches set state = 'published', published_at = clock_timestamp() where batch_id = any(%s)",
        [batches],
    )


def _content_of(connection: Connection, table: str) -> str:
    """A query for a hash per load of a core table's rows, without the columns that only say where they came from."""
    columns = connection.execute(
        """
        select string_agg(quote_ident(attname), ', ' order by attname)
        from pg_attribute
        where attrelid = format('core.%%I', %s::text)::regclass
            and attnum > 0
            and not attisdropped
            and attname not in (
                'load_id', 'line', 'event_key', 'beneficiary_key', 'incident_key', 'programme_site_key',
                'child_population_key'
            )
        """,
        [table],
    ).fetchone()
    assert columns is not None
    return f"""
        select load_id, '{table}' || count(*) || ':' || sum(hashtextextended(({columns[0]})::text, 0)) as content
        from core.{table}
        where load_id in (select load_id from modelled)
        group by load_id
    """
