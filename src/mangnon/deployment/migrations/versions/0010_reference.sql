-- Reference data is delivered by a person or by a deployment, never through the inbox, and is used once it was accepted.

create table ops.reference_deliveries (
    load_id bigint primary key references ops.loads,
    delivered_by text not null check (delivered_by <> ''),
    reason text not null check (reason <> ''),
    is_packaged boolean not null default false,
    delivered_at timestamptz not null default clock_timestamp(),
    accepted_at timestamptz
);

comment on table ops.reference_deliveries is
'One row per list that was delivered: who delivered it, and why. Its load has the list, its revision and what became of it. Lists that came before version 0010 have no row: they came through the inbox.';
comment on column ops.reference_deliveries.is_packaged is 'Whether a deployment delivered it, as a list of the package.';
comment on column ops.reference_deliveries.accepted_at is
'Since when files may be read with it; empty if gate 1 refused it, or has not judged it yet.';
comment on column ops.loads.revision is
'What the cover says; for reference data the number of the delivery of that list.';

-- The batch of a list is open until gate 1 has judged it: no publishing takes it along before.
alter table ops.batches drop constraint batches_kind_check;
alter table ops.batches add constraint batches_kind_check check (kind in ('night', 'backfill', 'reference'));

-- What waits to be read came through the inbox: it is refused like any other file that claims to be reference data.
update ops.deliveries
set place = null, reporter_code = null, period = null, revision = null, revision_reason = null
where
    reporter_code = '_reference'
    and not exists (
        select
        from ops.loads
        where loads.delivery_id = deliveries.delivery_id
    );

create function ops.check_registrar() returns trigger
language plpgsql as $$
begin
    if not pg_has_role(current_user, 'registrar', 'member') then
        raise exception 'only the role registrar delivers reference data, not %', current_user
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;

create trigger deliveries_of_registrar
before insert on ops.deliveries
for each row when (new.reporter_code = '_reference')
execute function ops.check_registrar();

create trigger deliveries_stay_with_registrar
before update on ops.deliveries
for each row when (old.reporter_code = '_reference' or new.reporter_code = '_reference')
execute function ops.check_registrar();

create trigger loads_of_registrar
before insert on ops.loads
for each row when (new.reporter_code = '_reference')
execute function ops.check_registrar();

-- Refuses a list that could not be modelled, and removes what dbt has written of it: a half list would fail its tests
-- in every night. A list that was judged stays.
create function ops.discard_list(list_load_id bigint, reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    core_table regclass;
begin
    update ops.loads
    set state = 'refused', state_reason = reason
    where load_id = list_load_id and reporter_code = '_reference' and state = 'loaded';
    if not found then
        raise exception 'load % is no list that waits for gate 1', list_load_id using errcode = 'restrict_violation';
    end if;
    for core_table in
        select tables.oid::regclass
        from pg_class as tables
        inner join pg_attribute as columns on tables.oid = columns.attrelid
        where tables.relnamespace = 'core'::regnamespace and tables.relkind in ('r', 'p')
        group by tables.oid
        having bool_or(columns.attname = 'load_id') and not bool_or(columns.attname = 'release_id')
    loop
        execute format('delete from %s where load_id = $1', core_table) using list_load_id;
    end loop;
end $$;
