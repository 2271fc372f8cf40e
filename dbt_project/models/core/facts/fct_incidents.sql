with incidents as (
    select
        *,
        period as date_id
    from {{ ref('stg_incidents') }}
    where {{ in_batches() }}
),

areas as (
    select * from {{ ref('dim_areas') }}
    where {{ in_reference_loads() }}
)

select
    -- Keys
    incidents.load_id,
    incidents.line,
    {{ surrogate_key(['incidents.load_id', 'incidents.line']) }} as incident_key,
    {{ surrogate_key(['incidents.reporter_code']) }} as reporter_key,
    coalesce(areas.area_key, {{ unknown_area_key() }}) as area_key,
    {{ surrogate_key(['incidents.abuse_type']) }} as abuse_type_key,
    {{ surrogate_key(['incidents.injury_cause']) }} as injury_cause_key,
    {{ surrogate_key(['incidents.sex']) }} as sex_key,
    {{ surrogate_key(['incidents.age_band']) }} as age_band_key,
    incidents.date_id,
    incidents.period,
    incidents.incident_class,
    incidents.is_subset,

    -- Measures
    incidents.cases,
    incidents.victims,
    incidents.deaths,
    incidents.handled_cases,

    incidents.qualifier,
    incidents.is_synthetic
from incidents
-- The version of the area that was valid at the start of the month.
left join areas
    on
        incidents.area_code = areas.area_code
        and incidents.date_id >= areas.valid_from
        and (incidents.date_id < areas.valid_until or areas.valid_until is null)
