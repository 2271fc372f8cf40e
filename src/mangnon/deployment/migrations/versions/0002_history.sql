-- History that stays true: backfills, holds, rollbacks, pruning.

create table ops.backfills (
    backfill_id bigint generated always as identity primary key,
    batch_id bigint not null unique references ops.batches,
    from_period date not null,
    to_period date not null check (to_period >= from_period),
    reporter_code text,
    form text,
    requested_by text not null,
    reason text not null,
    requested_at timestamptz not null default now()
);

comment on table ops.backfills is
'One row per backfill: who asked for which periods to be read again, and why. Its batch says what became of it.';

create table ops.backfill_periods (
    backfill_id bigint not null references ops.backfills,
    period date not null check (period = date_trunc('month', period)),
    finished_at timestamptz,
    primary key (backfill_id, period)
);

comment on table ops.backfill_periods is
'One row per month of a backfill. The run that finishes the last one closes the batch.';

-- Code that was changed and changed back reads a delivery again, in another batch; within a batch it is read once.
alter table ops.loads drop constraint loads_delivery_id_form_fingerprint_key;
alter table ops.loads add constraint loads_once_in_a_batch
unique nulls not distinct (delivery_id, form, fingerprint, batch_id);

-- A load is held by a tie until a higher revision comes, or by a person until a person lets it go.
alter table ops.loads add column held_by text;
alter table ops.loads add column pruned_at timestamptz;

create index loads_in_question on ops.loads (load_id) where state in ('held', 'modelled');

comment on column ops.loads.held_by is 'The person who holds the load; empty when a tie holds it.';
comment on column ops.loads.pruned_at is 'When the rows of the load were removed from raw and core; the archive still has the file.';

-- A rollback is a release like every other, made by a person.
alter table ops.releases add column restores integer references ops.releases;
alter table ops.releases add column requested_by text;
alter table ops.releases add column request_reason text;

comment on column ops.releases.restores is 'The release whose loads a rollback counts again.';

-- The release that the session looks at, pruned or not: what was computed for it stays.
create function ops.chosen_release() returns integer
language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
declare
    wanted text := nullif(current_setting('mangnon.release', true), '');
    wanted_day text := nullif(current_setting('mangnon.as_of', true), '');
    chosen integer;
begin
    if wanted is not null then
        if wanted !~ '^[0-9]{1,9}$' then
            raise exception 'mangnon.release must be the number of a release, not "%"', wanted
                using errcode = 'invalid_parameter_value';
        end if;
        select release_id into chosen from ops.releases
        where release_id = wanted::integer
            and (state = 'published' or pg_has_role(session_user, 'auditor', 'member'));
        if chosen is null then
            raise exception 'there is no published release %', wanted
                using errcode = 'invalid_parameter_value', hint = 'select release_id from marts.releases';
        end if;
    elsif wanted_day is not null then
        if wanted_day !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
            raise exception 'mangnon.as_of must be a day such as 2021-01-15, not "%"', wanted_day
                using errcode = 'invalid_parameter_value';
        end if;
        select release_id into chosen from ops.releases
        where state = 'published'
            and published_at < ((wanted_day::date + 1)::timestamp at time zone 'Asia/Ho_Chi_Minh')
        order by published_at desc, release_id desc limit 1;
        if chosen is null then
            raise exception 'nothing was published on or before %', wanted_day
                using errcode = 'invalid_parameter_value';
        end if;
    else
        select max(release_id) into chosen from ops.releases where state = 'published';
    end if;
    return chosen;
end $$;

-- The same for facts and dimensions, whose rows may be gone.
create or replace function ops.visible_release() returns integer
language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
declare
    chosen integer := ops.chosen_release();
    pruned timestamptz;
begin
    select pruned_at into pruned from ops.releases where release_id = chosen;
    if pruned is not null then
        raise exception 'release % was pruned on %', chosen, pruned::date
            using errcode = 'invalid_parameter_value', hint = 'its computed tables stay; its facts can be read again from the archive';
    end if;
    return chosen;
end $$;

-- Removes the rows of loads from raw and core. Whoever asks: what a whole release shows, what waits or is held, and
-- reference data stay. A load that is pruned already may be asked for again: a restoring that was cut off left rows.
create function ops.prune_loads(wanted bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    counting bigint;
    pruned_table regclass;
begin
    select min(loads.load_id) into counting
    from ops.loads
    left join ops.published_loads on loads.load_id = published_loads.load_id
    left join ops.releases
        on releases.release_id >= published_loads.from_release
        and releases.release_id < published_loads.until_release
        and releases.state <> 'refused'
        and releases.pruned_at is null
    where loads.load_id = any(wanted)
        and loads.pruned_at is null
        and (
            releases.release_id is not null
            or loads.state not in ('accepted', 'same', 'refused')
            or loads.reporter_code = '_reference'
        );
    if counting is not null then
        raise exception 'load % counts, waits or is reference data: it is not pruned', counting
            using errcode = 'restrict_violation';
    end if;
    update ops.loads
    set pruned_at = coalesce(pruned_at, now())
    where load_id = any(wanted);
    -- The reasons of refusals stay, and what was computed for a release.
    for pruned_table in
        select tables.oid::regclass
        from pg_class as tables
        inner join pg_attribute as columns on tables.oid = columns.attrelid
        where tables.relnamespace in ('raw'::regnamespace, 'core'::regnamespace)
            and tables.relkind in ('r', 'p')
            and tables.oid <> 'raw.problems'::regclass
        group by tables.oid
        having bool_or(columns.attname = 'load_id') and not bool_or(columns.attname = 'release_id')
    loop
        execute format('delete from %s where load_id = any($1)', pruned_table) using wanted;
    end loop;
end $$;
