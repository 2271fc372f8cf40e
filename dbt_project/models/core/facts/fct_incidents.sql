with incidents as (
    select
        *,
        period as date_id
    from {{ ref('stg_incidents') }}
    where {{ in_batches() }}
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
{{ join_areas('incidents') }}
