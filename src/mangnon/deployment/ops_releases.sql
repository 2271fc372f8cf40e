-- The words of the ledger that speak of releases, of what the next one looks at, and of what reporters are told. Run after
-- ops_loads.sql, whose words they use.

-- Releases

create or replace view ops.published_release as
select
    releases.release_id,
    releases.published_at
from ops.releases
where releases.state = 'published'
order by releases.release_id desc
limit 1;

comment on view ops.published_release is
'The newest published release: what readers see unless they ask for another. No row before the first.';

create or replace view ops.decided_releases as
select
    releases.release_id,
    releases.state,
    releases.state_reason,
    releases.refused_for,
    releases.published_at
from ops.releases
where releases.state = 'published' or releases.refused_for in ('critical', 'warnings');

comment on view ops.decided_releases is
'One row per release that was published or refused by gate 2; not the candidate, nor what a newer candidate replaced.';

create or replace view ops.last_decided_release as
select
    decided_releases.release_id,
    decided_releases.state,
    decided_releases.state_reason,
    decided_releases.refused_for,
    decided_releases.published_at
from ops.decided_releases
order by decided_releases.release_id desc
limit 1;

comment on view ops.last_decided_release is 'The release that was decided last. No row before the first.';

create or replace function ops.kept_releases(newest integer) returns setof integer
language sql stable parallel safe as $$
    (
        select release_id
        from ops.releases
        where state = 'published'
        order by release_id desc
        limit newest
    )
    union
    select max(release_id)
    from ops.releases
    where state = 'published'
    group by date_trunc('month', published_at at time zone 'Asia/Ho_Chi_Minh')
    union
    select release_id
    from ops.releases
    where state = 'candidate'
$$;

comment on function ops.kept_releases is
'The releases that pruning leaves whole: so many of the newest ones, the last one of each month in Viet Nam, and the candidate.';

create or replace view ops.computed_tables as
select
    tables.relname::text as table_name,
    string_agg(quote_ident(columns.attname), ', ' order by columns.attnum) filter (
        where columns.attname <> 'release_id'
    ) as other_columns,
    -- What was published as the report of a year is never removed, and it is small.
    tables.relname in ('computed_annual_report', 'computed_about_release') as stays
from pg_namespace as schemas
inner join pg_class as tables on schemas.oid = tables.relnamespace
inner join pg_attribute as columns on tables.oid = columns.attrelid
where
    schemas.nspname = 'core'
    and tables.relkind in ('r', 'p')
    and columns.attnum > 0
    and not columns.attisdropped
group by tables.relname
having bool_or(columns.attname = 'release_id');

comment on view ops.computed_tables is
'One row per table of the core that is keyed by release, with its other columns, and whether it stays when a release is pruned.';

create or replace function ops.changed_loads(old integer, new integer)
returns table (
    reporter_code text, form text, period date, old_load bigint, new_load bigint,
    old_revision integer, new_revision integer, old_file text, new_file text, reason text
)
language sql stable parallel safe as $$
    -- Without the loads that count in both: they are nearly all, and need no join.
    with old_loads as (
        select *
        from ops.loads_in_release(old) as counting
        where counting.from_release > new or counting.until_release <= new
    ),

    new_loads as (
        select *
        from ops.loads_in_release(new) as counting
        where counting.from_release > old or counting.until_release <= old
    )

    select
        coalesce(new_loads.reporter_code, old_loads.reporter_code),
        coalesce(new_loads.form, old_loads.form),
        coalesce(new_loads.period, old_loads.period),
        old_loads.load_id,
        new_loads.load_id,
        old_readings.revision,
        new_readings.revision,
        old_deliveries.file_name,
        new_deliveries.file_name,
        -- A cover says why it was sent, not why its load counts again in place of a newer one.
        case
            when new_readings.revision > coalesce(old_readings.revision, 0)
                then regexp_replace(new_deliveries.revision_reason, '\s+', ' ', 'g')
        end
    from old_loads
    full join new_loads
        on
            old_loads.reporter_code = new_loads.reporter_code
            and old_loads.form = new_loads.form
            and old_loads.period = new_loads.period
    left join ops.loads as old_readings on old_loads.load_id = old_readings.load_id
    left join ops.loads as new_readings on new_loads.load_id = new_readings.load_id
    left join ops.deliveries as old_deliveries on old_readings.delivery_id = old_deliveries.delivery_id
    left join ops.deliveries as new_deliveries on new_readings.delivery_id = new_deliveries.delivery_id
    where old_loads.load_id is distinct from new_loads.load_id
$$;

comment on function ops.changed_loads is
'One row per reporter, form and period for which two releases count different loads, with the reason on the cover of a newer revision.';

-- The keys that the next candidate looks at; a key is a reporter, a form and a period

create or replace view ops.keys_decided_by_persons as
select
    loads.reporter_code,
    loads.form,
    loads.period
from ops.open_loads
inner join ops.loads on open_loads.load_id = loads.load_id
inner join ops.releases on open_loads.from_release = releases.release_id
where
    loads.state = 'held'
    and (loads.held_by is not null or releases.restores is null)
union
select
    loads.reporter_code,
    loads.form,
    loads.period
from ops.loads
inner join ops.batches on loads.batch_id = batches.batch_id
where loads.state = 'modelled' and batches.state = 'published';

comment on view ops.keys_decided_by_persons is
'One row per key of which a person said since the last release that a load should count no more, or again: a load counts although it is held (unless a rollback restored one of a tie), or was let count and waits.';

create or replace function ops.touched_keys(batches bigint[])
returns table (reporter_code text, form text, period date)
language sql stable parallel safe as $$
    select loads.reporter_code, loads.form, loads.period
    from ops.loads
    where loads.batch_id = any(batches) and loads.form is not null
    union
    select keys.reporter_code, keys.form, keys.period
    from ops.keys_decided_by_persons as keys
$$;

comment on function ops.touched_keys is 'One row per key that these batches touch, or of which a person decided.';

create or replace function ops.touched_revisions(batches bigint[])
returns table (
    reporter_code text, form text, period date, revision integer, load_id bigint, content_hash text, is_tied boolean
)
language sql stable parallel safe as $$
    select
        readings.reporter_code,
        readings.form,
        readings.period,
        readings.revision,
        min(readings.load_id),
        min(readings.content_hash),
        min(readings.content_hash) <> max(readings.content_hash)
    from ops.touched_keys(batches) as touched
    inner join ops.eligible_readings as readings
        on touched.reporter_code = readings.reporter_code
        and touched.form = readings.form
        and touched.period = readings.period
    where readings.held_by is null
    group by readings.reporter_code, readings.form, readings.period, readings.revision
$$;

comment on function ops.touched_revisions is
'One row per touched key and revision, without what persons hold: its oldest load, its content, and whether two contents claim it.';

create or replace function ops.loads_to_judge(batches bigint[])
returns table (
    load_id bigint,
    batch_id bigint,
    reporter_code text,
    form text,
    period date,
    revision integer,
    rows_in integer,
    rows_loaded integer,
    rows_refused integer,
    declared_totals jsonb
)
language sql stable parallel safe as $$
    select
        loads.load_id,
        loads.batch_id,
        loads.reporter_code,
        loads.form,
        loads.period,
        loads.revision,
        loads.rows_in,
        loads.rows_loaded,
        loads.rows_refused,
        loads.declared_totals
    from ops.loads
    where loads.batch_id = any(batches)
        and (
            loads.state = 'modelled'
            or (
                loads.state = 'refused'
                and exists (
                    select
                    from ops.verdicts
                    where verdicts.load_id = loads.load_id
                        and verdicts.gate = 'loads'
                        and verdicts.severity = 'critical'
                        and not verdicts.is_met
                )
            )
        )
$$;

comment on function ops.loads_to_judge is
'The loads of these batches that gate 1 judges: those that were modelled, and again those that it refused itself.';

-- Messages to reporters

create or replace view ops.findings as
select
    problems.load_id,
    loads.form,
    problems.rule,
    problems.severity,
    problems.sheet_name as sheet,
    problems.row_number as row,
    problems.field,
    problems.cell,
    problems.value,
    problems.message,
    problems.wording_id,
    problems.wording_values,
    true as is_of_contract
from raw.problems
inner join ops.loads on problems.load_id = loads.load_id
union all
(
    -- A load may have been judged in several candidates: the last one counts.
    select distinct on (
        verdicts.load_id, verdicts.expectation, verdict_cells.sheet_name, verdict_cells.row_number, verdict_cells.field
    )
        verdicts.load_id,
        loads.form,
        verdicts.expectation as rule,
        verdicts.severity,
        verdict_cells.sheet_name as sheet,
        verdict_cells.row_number as row,
        verdict_cells.field,
        null as cell,
        null as value,
        coalesce(verdict_cells.message, verdicts.message) as message,
        null as wording_id,
        null::jsonb as wording_values,
        false as is_of_contract
    from ops.verdicts
    inner join ops.loads on verdicts.load_id = loads.load_id
    left join ops.verdict_cells on verdicts.verdict_id = verdict_cells.verdict_id
    where not verdicts.is_met
    order by
        verdicts.load_id asc,
        verdicts.expectation asc,
        verdict_cells.sheet_name asc,
        verdict_cells.row_number asc,
        verdict_cells.field asc,
        verdicts.verdict_id desc
);

comment on view ops.findings is
'One row per thing that was found of a load: by the reader, or by a rule of the gates, which may point at cells.';
