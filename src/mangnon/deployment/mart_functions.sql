-- Functions of the marts. Run by every `mangnon deploy`, after dbt has made the tables that they read.

create or replace function marts.areas_in_borders(of_day date)
returns table (
    area_version text,
    in_area_version text,
    method text,
    weight numeric,
    is_whole boolean
)
language plpgsql stable parallel safe security definer rows 500 set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    seen integer := ops.visible_release();
begin
    return query
    select area_version, in_area_version, method, weight, is_whole
    from core.computed_borders
    where release_id = seen and borders_on <= of_day and (borders_until > of_day or borders_until is null);
    if not found and seen is not null then
        raise exception 'no borders are known of %', coalesce(of_day::text, 'no day')
            using errcode = 'invalid_parameter_value', hint = 'select min(valid_from) from marts.dim_areas where area_level <> ''unknown''';
    end if;
end $$;

comment on function marts.areas_in_borders is
'The area in which each area counts in the borders of a day: join a fact by area_version, and add up `value * weight`. If the share is unknown, the row leads to the unknown area and has no weight: the value is withheld, not lost. Grain: one row per version of an area and area that it counts in.';

revoke execute on function marts.areas_in_borders(date) from public;
grant execute on function marts.areas_in_borders(date) to bi_reader, auditor, publisher;
