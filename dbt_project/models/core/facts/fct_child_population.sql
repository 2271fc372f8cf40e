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
    {{ surrogate_key(['child_population.load_id', 'child_population.line']) }} as child_population_key,
    {{ surrogate_key(['child_population.reporter_code']) }} as reporter_key,
    coalesce(areas.area_key, {{ unknown_area_key() }}) as area_key,
    {{ surrogate_key(['child_population.special_circumstance']) }} as special_circumstance_key,
    {{ surrogate_key(['child_population.sex']) }} as sex_key,
    {{ surrogate_key(['child_population.age_band']) }} as age_band_key,
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
