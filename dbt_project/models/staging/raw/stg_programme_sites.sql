with lines as (
    select * from {{ source('raw', 'programme_sites') }}
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
    lines.programme,
    lines.site_count,
    lines.member_count,
    coalesce(lines.qualifier, 'eq') as qualifier,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
