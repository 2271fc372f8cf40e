with lines as (
    select * from {{ source('raw', 'beneficiaries') }}
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
    lines.support_date,
    lines.occasion,
    lines.support_type,
    lines.funding_instrument,
    lines.special_circumstance,
    lines.sex,
    lines.age_band,
    coalesce(lines.is_subset, false) as is_subset,
    lines.attendances,
    lines.support_turns,
    lines.children,
    lines.amount_vnd,
    coalesce(lines.qualifier, 'eq') as qualifier,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
