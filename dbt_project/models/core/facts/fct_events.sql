with events as (
    select
        *,
        coalesce(event_date, period) as date_id
    from {{ ref('stg_events') }}
    where {{ in_batches() }}
)

select
    -- Keys
    events.load_id,
    events.line,
    events.reporter_code,
    coalesce(areas.area_version, {{ unknown_area_version() }}) as area_version,
    {{ member('events', 'event_type') }} as event_type,
    {{ member('events', 'programme') }} as programme,
    events.date_id,
    events.period,
    events.event_date is not null as is_dated,

    -- Measures
    events.event_count,
    events.attendances,
    events.child_attendances,
    events.caregiver_attendances,
    events.official_attendances,
    events.collaborator_attendances,
    events.delegations,

    events.qualifier,
    events.is_synthetic
from events
{{ join_areas('events') }}
