with verdicts as (
    select * from {{ source('ops', 'verdicts') }}
)

select
    verdict_id,
    gate,
    release_id,
    load_id,
    expectation as rule,
    severity,
    is_met,
    judged_at
from verdicts
