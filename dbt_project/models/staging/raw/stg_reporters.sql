with lines as (
    select * from {{ source('raw', 'reporters') }}
),

loads as (
    select * from {{ ref('base_loads') }}
)

select
    lines.load_id,
    lines.line,
    lines.reporter_code,
    lines.name,
    lines.reporter_kind,
    lines.area_code,
    lines.valid_from,
    lines.valid_until,
    lines.expected_forms,
    lines.due_day,
    lines.sort_order,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
