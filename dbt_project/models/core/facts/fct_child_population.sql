with child_population as (
    select
        *,
        period as date_id
    from {{ ref('stg_child_population') }}
    where {{ in_batches() }}
)

select
    -- Keys
    child_population.load_id,
    child_population.line,
    child_population.reporter_code,
    coalesce(areas.area_version, {{ unknown_area_version() }}) as area_version,
    {{ member('child_population', 'special_circumstance') }} as special_circumstance,
    {{ member('child_population', 'sex') }} as sex,
    {{ member('child_population', 'age_band') }} as age_band,
    child_population.date_id,
    child_population.period,
    child_population.is_subset,

    -- Measures
    child_population.children,
    child_population.children_supported,
    child_population.target_pct,

    child_population.qualifier,
    child_population.is_synthetic
from child_population
{{ join_areas('child_population') }}
