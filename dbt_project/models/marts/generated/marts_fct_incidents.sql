{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    fct_incidents.load_id,
    fct_incidents.line,
    fct_incidents.reporter_code,
    fct_incidents.area_version,
    fct_incidents.abuse_type,
    fct_incidents.injury_cause,
    fct_incidents.sex,
    fct_incidents.age_band,
    fct_incidents.date_id,
    fct_incidents.period,
    fct_incidents.incident_class,
    {{ label('incident_class', 'fct_incidents.incident_class') }} as incident_class_label,
    fct_incidents.is_subset,
    fct_incidents.cases,
    fct_incidents.victims,
    fct_incidents.deaths,
    fct_incidents.handled_cases,
    fct_incidents.qualifier,
    {{ label('qualifier', 'fct_incidents.qualifier') }} as qualifier_label,
    (fct_incidents.qualifier = 'gte')::integer as lower_bounds,
    (fct_incidents.qualifier = 'approx')::integer as approximations,
    fct_incidents.is_synthetic
from {{ ref('fct_incidents') }} as fct_incidents
where
    {{ is_visible('fct_incidents', 'incidents') }}
    and not fct_incidents.is_subset
