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
    {{ surrogate_key(['events.load_id', 'events.line']) }} as event_key,
    {{ surrogate_key(['events.reporter_code']) }} as reporter_key,
    coalesce(areas.area_key, {{ unknown_area_key() }}) as area_key,
    {{ surrogate_key(['events.event_type']) }} as event_type_key,
    {{ surrogate_key(['events.programme']) }} as programme_key,
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
