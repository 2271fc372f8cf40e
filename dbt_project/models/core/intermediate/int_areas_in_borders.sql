-- Where each area counts: in the borders of its time as what it was, in today's borders as what has become of it.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

areas as (
    select dim_areas.*
    from {{ ref('dim_areas') }} as dim_areas
    inner join ledger on dim_areas.load_id = ledger.load_id
),

today as (
    select distinct borders_on
    from {{ ref('computed_area_figure_years') }}
    where release_id = {{ candidate_asked() }}
),

units as (
    select distinct
        area_version,
        unit_version
    from {{ ref('int_area_units') }}
    union all
    select
        {{ unknown_area_version() }} as area_version,
        {{ unknown_area_version() }} as unit_version
),

borders_of_today as (
    select
        areas.area_version,
        coalesce(wholes.area_version, in_areas.area_version) as in_area_version,
        borders.weight,
        borders.is_whole,
        borders.method
    from {{ ref('computed_borders') }} as borders
    inner join today on borders.borders_on = today.borders_on
    inner join areas on borders.area_version = areas.area_version
    inner join areas as in_areas on borders.in_area_version = in_areas.area_version
    left join areas as wholes
        on
            in_areas.parent_code = wholes.area_code
            and wholes.parent_code is not null
            and today.borders_on >= wholes.valid_from
            and (today.borders_on < wholes.valid_until or wholes.valid_until is null)
    where borders.release_id = {{ candidate_asked() }}
)

select
    area_version,
    unit_version,
    'period' as borders,
    unit_version as in_area_version,
    1::numeric as weight,
    true as is_whole,
    false as is_estimated
from units
union all
-- Several parts of an area may lie in one unit.
select
    units.area_version,
    units.unit_version,
    'today' as borders,
    borders_of_today.in_area_version,
    -- Nobody knows the share of what is withheld: the whole of it counts in the unknown area.
    coalesce(sum(borders_of_today.weight), 1) as weight,
    bool_and(borders_of_today.is_whole) as is_whole,
    bool_or(borders_of_today.method = 'estimated' and borders_of_today.weight is not null) as is_estimated
from units
inner join borders_of_today on units.area_version = borders_of_today.area_version
group by units.area_version, units.unit_version, borders_of_today.in_area_version
