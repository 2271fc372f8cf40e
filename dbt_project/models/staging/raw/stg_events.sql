with lines as (
    select * from {{ source('raw', 'events') }}
),

loads as (
    select * from {{ ref('base_loads') }}
)

select
    lines.load_id,
    lines.line,
    lines.sheet_name,
    lines.row_number,
    loads.reporter_code,
    loads.period,
    lines.area as area_code,
    lines.event_date,
    lines.event_type,
    lines.programme,
    lines.event_count,
    lines.attendances,
    lines.child_attendances,
    lines.caregiver_attendances,
    lines.official_attendances,
    lines.collaborator_attendances,
    lines.delegations,
    coalesce(lines.qualifier, 'eq') as qualifier,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
