-- The other side of the ledger: in which releases a load does not count. Nearly all rows of the facts count in the release
-- that is read, so a view that leaves out the few others costs less than one that looks up each row among those that count.

create table ops.hidden_loads (
    load_id bigint not null references ops.loads on delete cascade,
    form text not null,
    releases int4range not null check (not isempty(releases)),
    from_release integer not null generated always as (lower(releases)) stored,
    until_release integer not null generated always as (coalesce(upper(releases), 2147483647)) stored,
    primary key (load_id, releases)
);

comment on table ops.hidden_loads is
'One row per load of a report and span of releases [from, until) in which it does not count. Triggers keep it: what the ledger does not show is here.';

-- A reader asks for what is still hidden in a release.
create index hidden_loads_by_release on ops.hidden_loads (form, until_release);

create function ops.hide_load() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ops.hidden_loads (load_id, form, releases) values (new.load_id, new.form, int4range(0, null));
    return null;
end $$;

create trigger loads_are_hidden after insert on ops.loads
for each row when (new.form is not null and new.reporter_code <> '_reference')
execute function ops.hide_load();

create function ops.hide_rest_of_load() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    changed bigint := coalesce(new.load_id, old.load_id);
begin
    if coalesce(new.reporter_code, old.reporter_code) = '_reference' then
        return null;
    end if;
    delete from ops.hidden_loads where load_id = changed;
    insert into ops.hidden_loads (load_id, form, releases)
    select changed, coalesce(new.form, old.form), unnest(
        '{[0,)}'::int4multirange
        - coalesce((select range_agg(releases) from ops.published_loads where load_id = changed), '{}'::int4multirange)
    );
    return null;
end $$;

create trigger published_loads_are_shown after insert or delete or update of releases on ops.published_loads
for each row execute function ops.hide_rest_of_load();

insert into ops.hidden_loads (load_id, form, releases)
with counting as (
    select
        load_id,
        range_agg(releases) as releases
    from ops.published_loads
    group by load_id
)

select
    loads.load_id,
    loads.form,
    unnest('{[0,)}'::int4multirange - coalesce(counting.releases, '{}'::int4multirange)) as releases
from ops.loads
left join counting on loads.load_id = counting.load_id
where loads.form is not null and loads.reporter_code <> '_reference';

analyze ops.hidden_loads;
