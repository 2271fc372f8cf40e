{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    fct_events.load_id,
    fct_events.line,
    fct_events.reporter_code,
    fct_events.area_version,
    fct_events.event_type,
    fct_events.programme,
    fct_events.date_id,
    fct_events.period,
    fct_events.is_dated,
    fct_events.event_count,
    fct_events.attendances,
    fct_events.child_attendances,
    fct_events.caregiver_attendances,
    fct_events.official_attendances,
    fct_events.collaborator_attendances,
    fct_events.delegations,
    fct_events.qualifier,
    {{ label('qualifier', 'fct_events.qualifier') }} as qualifier_label,
    (fct_events.qualifier = 'gte')::integer as lower_bounds,
    (fct_events.qualifier = 'approx')::integer as approximations,
    fct_events.is_synthetic
from {{ ref('fct_events') }} as fct_events
where
    {{ is_visible('fct_events', 'events') }}
