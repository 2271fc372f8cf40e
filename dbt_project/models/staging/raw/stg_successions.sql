with lines as (
    select * from {{ source('raw', 'successions') }}
),

loads as (
    select * from {{ ref('base_loads') }}
)

select
    lines.load_id,
    lines.line,
    lines.from_code,
    lines.from_valid_from,
    lines.to_code,
    lines.effective_on,
    lines.method,
    lines.weight,
    lines.legal_act,
    lines.source as list_source,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
