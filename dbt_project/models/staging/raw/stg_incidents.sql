with lines as (
    select * from {{ source('raw', 'incidents') }}
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
    lines.incident_class,
    lines.abuse_type,
    lines.injury_cause,
    lines.sex,
    lines.age_band,
    coalesce(lines.is_subset, false) as is_subset,
    lines.cases,
    lines.victims,
    lines.deaths,
    lines.handled_cases,
    'eq' as qualifier,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
