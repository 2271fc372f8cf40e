-- The words of the ledger, each defined once: which reading of a delivery is current, and which loads count. Run by every
-- `mangnon deploy`, after the migrations and before dbt's models. What `create or replace`
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
