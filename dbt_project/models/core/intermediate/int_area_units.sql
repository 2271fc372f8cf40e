-- A ward that a district reports on counts in the district: units are the areas right below a province, and provinces.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

areas as (
    select dim_areas.*
    from {{ ref('dim_areas') }} as dim_areas
    inner join ledger on dim_areas.load_id = ledger.load_id
    where dim_areas.area_code <> 'unknown'
),

years as (
    select * from {{ ref('computed_area_figure_years') }}
    where release_id = {{ candidate_asked() }} and computed_in = {{ candidate_asked() }}
),

months as (
    select generate_series(make_date(year, 1, 1), make_date(year, 12, 1), interval '1 month')::date as period
    from years
),

-- If borders change within a month, the month belongs to the areas of its first day.
areas_of_months as (
    select distinct on (areas.area_code, months.period)
        areas.area_code,
        months.period,
        areas.area_version,
        areas.parent_code
    from months
    inner join areas
        on
            months.period + interval '1 month' > areas.valid_from
            and (months.period < areas.valid_until or areas.valid_until is null)
    order by areas.area_code, months.period, areas.valid_from
)

select
    parts.area_code,
    parts.period,
    parts.area_version,
    coalesce(wholes.area_version, parts.area_version) as unit_version
from areas_of_months as parts
left join areas_of_months as wholes
    on
        parts.parent_code = wholes.area_code
        and parts.period = wholes.period
        and wholes.parent_code is not null
