with lines as (
    select * from {{ source('raw', 'child_population') }}
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
    lines.special_circumstance,
    lines.sex,
    lines.age_band,
    coalesce(lines.is_subset, false) as is_subset,
    lines.children,
    lines.children_supported,
    lines.target_pct,
    'eq' as qualifier,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
