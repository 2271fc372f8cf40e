with lines as (
    select * from {{ source('raw', 'areas') }}
),

loads as (
    select * from {{ ref('base_loads') }}
)

select
    lines.load_id,
    lines.line,
    lines.area_code,
    lines.other_codes,
    lines.name,
    lines.area_type,
    lines.parent_code,
    lines.valid_from,
    lines.valid_until,
    lines.legal_act,
    lines.source as list_source,
    lines.tile_column,
    lines.tile_row,
    lines.sort_order,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
