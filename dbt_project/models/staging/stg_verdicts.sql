with problems as (
    select * from {{ source('raw', 'problems') }}
),

verdicts as (
    select * from {{ source('ops', 'verdicts') }}
    where gate = 'loads' and not is_met
),

loads as (
    {{ loads_with_covers() }}
),

broken as (
    select
        load_id,
        'reading' as gate,
        rule,
        severity
    from problems
    union distinct
    select
        load_id,
        gate,
        expectation as rule,
        severity
    from verdicts
)

select
    broken.load_id,
    broken.gate,
    broken.rule,
    broken.severity,
    loads.reporter_code,
    loads.form,
    loads.period,
    loads.loaded_at,
    loads.batch_id,
    loads.load_state
from broken
inner join loads on broken.load_id = loads.load_id
