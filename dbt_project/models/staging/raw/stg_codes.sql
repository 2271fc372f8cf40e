with lines as (
    select * from {{ source('raw', 'codes') }}
),

loads as (
    select * from {{ ref('base_loads') }}
)

select
    lines.load_id,
    lines.line,
    lines.list as list_name,
    lines.code,
    lines.label,
    lines.kind,
    lines.valid_from,
    lines.valid_until,
    lines.from_age,
    lines.until_age,
    lines.source as legal_source,
    lines.sort_order,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
