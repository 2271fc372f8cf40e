-- The words of the ledger, each defined once: which reading of a delivery is current, which loads count, which release
-- was decided last. Run by every `mangnon deploy`, after the migrations and before dbt's models. What `create or replace`
-- cannot change (a column that goes, or changes its type) is dropped by a migration first.

-- Deliveries

create or replace view ops.waiting_deliveries as
select
    deliveries.delivery_id,
    deliveries.sha256,
    deliveries.file_name,
    deliveries.reporter_code,
    deliveries.place,
    deliveries.received_at
from ops.deliveries
where
    -- It was never read, or it was refused only because its month had not come, and now it has.
    not exists (
        select
        from ops.loads
        where
            loads.delivery_id = deliveries.delivery_id
            and (
                loads.form is not null
                or loads.period is null
                or loads.period > (now() at time zone 'Asia/Ho_Chi_Minh')::date
                or not exists (
                    select
                    from raw.problems
                    where problems.load_id = loads.load_id and problems.rule = 'period_in_future'
                )
            )
    )
    or (
        exists (
            select
            from ops.delivery_decisions as decisions
            where
                decisions.delivery_id = deliveries.delivery_id
                and decisions.decision = 'retry'
                and not exists (
                    select
                    from ops.loads
                    where loads.delivery_id = deliveries.delivery_id and loads.load_id > decisions.last_load_id
                )
        )
        -- Within a batch a delivery is read once.
        and not exists (
            select
            from ops.loads
            inner join ops.batches on loads.batch_id = batches.batch_id
            where loads.delivery_id = deliveries.delivery_id and batches.state = 'open'
        )
    );

comment on view ops.waiting_deliveries is
'One row per delivery that the next night reads: those that were never read, those whose month had not come, and those that a person wants to be read again.';

-- Readings

create or replace view ops.current_readings as
select
    loads.load_id,
    loads.delivery_id,
    loads.batch_id,
    loads.reporter_code,
    loads.form,
    loads.period,
    coalesce(
        loads.period, date_trunc('month', deliveries.received_at at time zone 'Asia/Ho_Chi_Minh')::date
    ) as month,
    loads.revision,
    loads.fingerprint,
    loads.state,
    loads.state_reason,
    loads.held_by
from ops.loads
-- Not an inner join: this one costs nothing where nobody asks for the month.
left join ops.deliveries on loads.delivery_id = deliveries.delivery_id
where
    not exists (
        select
        from ops.loads as later
        where
            later.delivery_id = loads.delivery_id
            and later.load_id > loads.load_id
            and (later.form = loads.form or num_nulls(later.form, loads.form) > 0)
    );

comment on view ops.current_readings is
'One row per delivery and form: its newest reading, whatever became of it. A reading that refused the whole file has no form and speaks of all of them. The month is the period, or the month of arrival where the period could not be read.';

create or replace view ops.eligible_readings as
select
    loads.load_id,
    loads.delivery_id,
    loads.reporter_code,
    loads.form,
    loads.period,
    loads.revision,
    loads.content_hash,
    loads.held_by
from ops.loads
where
    loads.state in ('modelled', 'accepted', 'same', 'held')
    and not exists (
        select
        from ops.loads as later
        where
            later.delivery_id = loads.delivery_id
            and later.form = loads.form
            and later.load_id > loads.load_id
            and later.state in ('modelled', 'accepted', 'same', 'held')
    );

comment on view ops.eligible_readings is
'One row per delivery and form: its newest reading that is in the core and was not refused. From these the ledger chooses what counts.';

create or replace view ops.failed_deliveries as
select distinct on (readings.delivery_id)
    readings.delivery_id,
    deliveries.file_name,
    readings.reporter_code,
    loads.loaded_at as failed_at,
    coalesce(problems.wording_values ->> 'failure', problems.wording_values ->> 'limit') as failure
from ops.current_readings as readings
inner join ops.loads on readings.load_id = loads.load_id
inner join ops.deliveries on readings.delivery_id = deliveries.delivery_id
inner join raw.problems on readings.load_id = problems.load_id
where
    readings.state = 'refused'
    and problems.rule in ('reading_failed', 'file_too_heavy')
    and not exists (
        select
        from ops.delivery_decisions as decisions
        where decisions.delivery_id = readings.delivery_id and decisions.last_load_id >= readings.load_id
    )
order by readings.delivery_id asc, readings.load_id desc;

comment on view ops.failed_deliveries is
'One row per delivery whose reading failed unexpectedly (the exception or the signal) or met a limit (memory, time, output), until a person sets it aside or has it read again.';
-- Code lists

create or replace view ops.counting_reference_loads as
select distinct on (loads.form)
    loads.form,
    loads.load_id,
    loads.state,
    loads.batch_id
from ops.loads
where loads.reporter_code = '_reference' and loads.state in ('accepted', 'same')
order by loads.form asc, loads.revision desc, loads.load_id desc;

comment on view ops.counting_reference_loads is
'One row per list: the newest delivery of it that passed gate 1. Files are read and loads modelled with it, whatever waits.';

-- Loads that count

create or replace function ops.loads_in_release(release integer) returns setof ops.published_loads
language sql stable parallel safe as $$
    select * from ops.published_loads where from_release <= release and until_release > release
$$;

comment on function ops.loads_in_release is
'The loads that count in a release. PostgreSQL plans it as a part of the query, unless the release is a subquery: join `lateral` then.';

create or replace view ops.visible_loads as
select
    published_loads.reporter_code,
    published_loads.form,
    published_loads.period,
    published_loads.load_id,
    published_loads.from_release,
    published_loads.until_release
from ops.published_loads
where
    published_loads.from_release <= (select ops.visible_release())
    and published_loads.until_release > (select ops.visible_release());

comment on view ops.visible_loads is
'One row per reporter, form and period: the load that counts in the release that the session looks at.';

create or replace function ops.visible_list(list_form text) returns bigint
language sql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    select load_id from ops.visible_loads where reporter_code = '_reference' and form = list_form
$$;

comment on function ops.visible_list is
'The load of a list that counts in the release that the session looks at; null before the first. A view that compares it with its load is planned well: of a list exactly one load counts.';

create or replace view ops.open_loads as
select
    published_loads.reporter_code,
    published_loads.form,
    published_loads.period,
    published_loads.load_id,
    published_loads.releases,
    published_loads.from_release
from ops.published_loads
where published_loads.until_release = 2147483647;

comment on view ops.open_loads is
'One row per reporter, form and period: the load whose range of releases is open. It counts in the candidate while there is one, else in the newest published release.';

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
