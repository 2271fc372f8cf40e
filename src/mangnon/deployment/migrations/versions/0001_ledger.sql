-- The ledger: what arrived, what was read, what was judged, what is published.

create extension if not exists btree_gist;

create schema ops;
create schema raw;

create table ops.deliveries (
    delivery_id bigint generated always as identity primary key,
    sha256 text not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
    file_name text not null,
    size_bytes bigint not null,
    reporter_code text,
    period date check (period = date_trunc('month', period)),
    revision integer check (revision > 0),
    revision_reason text,
    is_synthetic boolean not null default false,
    received_at timestamptz not null default now()
);

comment on table ops.deliveries is
'One row per file that arrived, by content. What the cover said is empty where it could not be read.';

create table ops.arrivals (
    source text not null,
    version text not null,
    delivery_id bigint not null references ops.deliveries,
    seen_at timestamptz not null default now(),
    primary key (source, version)
);

comment on table ops.arrivals is
'One row per place and version of a file in the inbox: the same content may arrive twice, under two names.';

create table ops.batches (
    batch_id bigint generated always as identity primary key,
    kind text not null check (kind in ('night', 'backfill')),
    state text not null default 'open' check (state in ('open', 'closed', 'published')),
    opened_at timestamptz not null default now(),
    closed_at timestamptz,
    published_at timestamptz
);

comment on table ops.batches is
'One row per set of loads that are published together. Published also when nothing had changed.';

create unique index batches_one_open_night on ops.batches ((true)) where kind = 'night' and state = 'open';

create table ops.loads (
    load_id bigint generated always as identity primary key,
    delivery_id bigint not null references ops.deliveries,
    batch_id bigint not null references ops.batches,
    reporter_code text,
    form text,
    period date check (period = date_trunc('month', period)),
    revision integer,
    fingerprint text not null,
    state text not null default 'loaded'
    check (state in ('loaded', 'modelled', 'accepted', 'refused', 'held', 'same')),
    state_reason text,
    rows_in integer not null,
    rows_loaded integer not null,
    rows_refused integer not null,
    declared_totals jsonb not null default '{}',
    content_hash text,
    loaded_at timestamptz not null default now(),
    unique nulls not distinct (delivery_id, form, fingerprint),
    unique (load_id, reporter_code, form, period),
    constraint loads_every_row_accounted_for check (rows_in = rows_loaded + rows_refused),
    constraint loads_attributed check (
        state = 'refused' or num_nulls(reporter_code, form, period, revision) = 0
    )
);

comment on table ops.loads is
'One row per reading of one form of one delivery by one fingerprint of the code. A file that could not be read has one refused load.';

create index loads_by_batch on ops.loads (batch_id);
create index loads_by_key on ops.loads (reporter_code, form, period);

create view ops.counting_reference_loads as
select distinct on (form)
    form,
    load_id,
    state,
    batch_id
from ops.loads
where reporter_code = '_reference' and state in ('loaded', 'modelled', 'accepted', 'same')
order by form, revision desc, load_id desc;

comment on view ops.counting_reference_loads is 'One row per reference form: the load whose code lists readers and models use now.';

create table raw.refused_rows (
    load_id bigint not null references ops.loads,
    row_number integer not null,
    sheet_name text,
    cells jsonb not null,
    primary key (load_id, row_number)
);

comment on table raw.refused_rows is
'One row per row of a file that breaks the contract of its form, with the texts of its contract columns.';

create table raw.problems (
    load_id bigint not null references ops.loads,
    problem_number integer not null,
    sheet_name text,
    row_number integer,
    field text,
    cell text,
    rule text not null,
    value text,
    message text not null,
    primary key (load_id, problem_number)
);

comment on table raw.problems is
'One row per reason why a cell, a row or a whole file was refused; the message is for the reporter.';

create table ops.releases (
    release_id integer primary key,
    state text not null default 'candidate' check (state in ('candidate', 'published', 'refused')),
    state_reason text,
    fingerprint text not null,
    created_at timestamptz not null default now(),
    published_at timestamptz,
    pruned_at timestamptz,
    check ((state = 'published') = (published_at is not null))
);

comment on table ops.releases is 'One row per numbered state of the marts.';

create unique index releases_one_candidate on ops.releases ((true)) where state = 'candidate';

create table ops.release_batches (
    release_id integer not null references ops.releases,
    batch_id bigint not null references ops.batches,
    primary key (release_id, batch_id)
);

comment on table ops.release_batches is 'One row per release and batch that was offered in it.';

create table ops.published_loads (
    reporter_code text not null,
    form text not null,
    period date not null,
    load_id bigint not null,
    releases int4range not null check (not isempty(releases) and not lower_inf(releases)),
    from_release integer not null generated always as (lower(releases)) stored,
    until_release integer not null generated always as (coalesce(upper(releases), 2147483647)) stored,
    primary key (reporter_code, form, period, releases without overlaps),
    foreign key (load_id, reporter_code, form, period)
    references ops.loads (load_id, reporter_code, form, period)
);

comment on table ops.published_loads is
'The ledger. One row per reporter, form, period and span of releases [from, until) in which this load counts.';

create index published_loads_by_load on ops.published_loads (load_id);

create table ops.verdicts (
    verdict_id bigint generated always as identity primary key,
    gate text not null check (gate in ('loads', 'release')),
    batch_id bigint references ops.batches,
    release_id integer references ops.releases,
    load_id bigint references ops.loads,
    expectation text not null,
    severity text not null check (severity in ('critical', 'warning', 'info')),
    is_met boolean not null,
    observed text,
    message text not null,
    judged_at timestamptz not null default now(),
    check (gate = 'loads' or release_id is not null)
);

comment on table ops.verdicts is
'One row per expectation that was met, and one per load (or release) that did not meet it.';

create index verdicts_by_load on ops.verdicts (load_id);
create index verdicts_by_release on ops.verdicts (release_id);

create table ops.deployed_views (
    view_name text primary key,
    sql_hash text not null,
    deployed_at timestamptz not null default now()
);

comment on table ops.deployed_views is 'One row per view of the marts, so that a view is replaced only when its SQL changed.';

-- The rows of a load are counted when its transaction ends, so no code path can lose one.
create function ops.check_load_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    loaded bigint := 0;
    refused bigint;
begin
    if new.form is not null and to_regclass(format('raw.%I', new.form)) is not null then
        execute format('select count(*) from raw.%I where load_id = $1', new.form) into loaded using new.load_id;
    end if;
    select count(*) into refused from raw.refused_rows where load_id = new.load_id;
    if loaded <> new.rows_loaded or refused <> new.rows_refused then
        raise exception 'load % claims % rows loaded and % refused, but raw holds % and %',
            new.load_id, new.rows_loaded, new.rows_refused, loaded, refused
            using errcode = 'check_violation';
    end if;
    return null;
end $$;

create constraint trigger loads_rows_in_raw
after insert on ops.loads
deferrable initially deferred
for each row execute function ops.check_load_rows();

-- The release that the session looks at: the newest published one, or the one it asks for with
-- `set mangnon.release = '41'` or `set mangnon.as_of = '2021-01-15'` (end of that day in Viet Nam).
-- Stable, parallel safe and wrapped in a scalar subquery it costs nothing per row, also on Citus.
create function ops.visible_release() returns integer
language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
declare
    wanted text := nullif(current_setting('mangnon.release', true), '');
    wanted_day text := nullif(current_setting('mangnon.as_of', true), '');
    chosen record;
begin
    if wanted is not null then
        if wanted !~ '^[0-9]{1,9}$' then
            raise exception 'mangnon.release must be the number of a release, not "%"', wanted
                using errcode = 'invalid_parameter_value';
        end if;
        select * into chosen from ops.releases where release_id = wanted::integer;
        if not found or (chosen.state <> 'published' and not pg_has_role(session_user, 'auditor', 'member')) then
            raise exception 'there is no published release %', wanted
                using errcode = 'invalid_parameter_value', hint = 'select release_id from marts.releases';
        end if;
    elsif wanted_day is not null then
        if wanted_day !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
            raise exception 'mangnon.as_of must be a day such as 2021-01-15, not "%"', wanted_day
                using errcode = 'invalid_parameter_value';
        end if;
        select * into chosen from ops.releases
        where state = 'published'
            and published_at < ((wanted_day::date + 1)::timestamp at time zone 'Asia/Ho_Chi_Minh')
        order by published_at desc, release_id desc limit 1;
        if not found then
            raise exception 'nothing was published on or before %', wanted_day
                using errcode = 'invalid_parameter_value';
        end if;
    else
        select * into chosen from ops.releases
        where state = 'published'
        order by release_id desc limit 1;
    end if;
    if chosen.pruned_at is not null then
        raise exception 'release % was pruned on %', chosen.release_id, chosen.pruned_at::date
            using errcode = 'invalid_parameter_value', hint = 'its computed tables stay; its facts can be read again from the archive';
    end if;
    return chosen.release_id;
end $$;
