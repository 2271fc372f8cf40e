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
    incidents.reporter_code,
    coalesce(areas.area_version, {{ unknown_area_version() }}) as area_version,
    {{ member('incidents', 'abuse_type') }} as abuse_type,
    {{ member('incidents', 'injury_cause') }} as injury_cause,
    {{ member('incidents', 'sex') }} as sex,
    {{ member('incidents', 'age_band') }} as age_band,
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
