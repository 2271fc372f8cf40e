-- What each release changed, kept for ever; and releases whose computed tables moved to the archive.

alter table ops.releases
add column replaces integer references ops.releases,
add column copy_sha256 text check (copy_sha256 ~ '^[0-9a-f]{64}$');

comment on column ops.releases.replaces is
'The release that readers saw before; empty for the first one, and until the changes on it are noted.';
comment on column ops.releases.copy_sha256 is
'The content of the copy in the archive that holds the computed tables since they were pruned; empty while they are here.';

create table ops.release_changes (
    release_id integer not null references ops.releases,
    year integer not null,
    figure text not null,
    figure_sort_order bigint not null,
    figure_label text not null,
    unit text not null,
    old_value numeric,
    new_value numeric,
    change numeric generated always as (new_value - old_value) stored,
    old_qualifier text,
    new_qualifier text,
    old_complete_reporters integer,
    new_complete_reporters integer,
    old_expected_reporters integer,
    new_expected_reporters integer,
    changed_loads integer not null,
    reporters text,
    reasons text,
    primary key (release_id, year, figure)
);

comment on table ops.release_changes is
'One row per release, year and figure that it shows differently from the release before it.';

create table ops.release_change_loads (
    release_id integer not null references ops.releases,
    reporter_code text not null,
    form text not null,
    period date not null,
    old_load_id bigint references ops.loads,
    new_load_id bigint references ops.loads,
    reason text,
    primary key (release_id, reporter_code, form, period),
    check (old_load_id is distinct from new_load_id)
);

comment on table ops.release_change_loads is
'One row per release, reporter, form and period for which another load counts than in the release before it.';

-- The hint is new: what is kept of a pruned release has changed.
create or replace function ops.visible_release() returns integer
language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
declare
    chosen integer := ops.chosen_release();
    pruned timestamptz;
begin
    select pruned_at into pruned from ops.releases where release_id = chosen;
    if pruned is not null then
        raise exception 'release % was pruned on %', chosen, pruned::date
            using errcode = 'invalid_parameter_value', hint = 'its annual report stays; the rest can be restored from the archive';
    end if;
    return chosen;
end $$;

-- Removes what was computed for a release. Whoever asks: a release stays whole until it is marked, and the annual report
-- of a published one stays for ever.
create function ops.prune_release(wanted integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    release record;
    computed record;
begin
    select * into release from ops.releases where release_id = wanted;
    if not found
        or release.pruned_at is null
        or (release.state = 'published' and release.copy_sha256 is null)
        or wanted = (select published_release.release_id from ops.published_release) then
        raise exception 'release % is what readers see, is not marked as pruned, or has no copy in the archive', wanted
            using errcode = 'restrict_violation';
    end if;
    for computed in select * from ops.computed_tables loop
        if release.state <> 'published' or not computed.stays then
            execute format('delete from core.%I where release_id = $1', computed.table_name) using wanted;
        end if;
    end loop;
end $$;
