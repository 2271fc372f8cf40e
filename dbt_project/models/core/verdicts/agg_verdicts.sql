-- Written once for each night, by the first release that knows it: what was said of a load never changes, so no release
-- reads the history of all problems and verdicts again.
with nights as (
    select batch_id from {{ source('ops', 'batches') }}
    where kind = 'night' and batch_id in ({{ new_batches() }})
),

verdicts as (
    select stg_verdicts.*
    from {{ ref('stg_verdicts') }} as stg_verdicts
    inner join nights on stg_verdicts.batch_id = nights.batch_id
    where stg_verdicts.reporter_code is distinct from '_reference'
)

select
    batch_id,
    date_trunc('month', loaded_at at time zone 'Asia/Ho_Chi_Minh')::date as month,
    gate,
    rule,
    severity,
    reporter_code,
    form,
    period,
    count(*)::integer as failed
from verdicts
group by
    batch_id,
    date_trunc('month', loaded_at at time zone 'Asia/Ho_Chi_Minh')::date,
    gate,
    rule,
    severity,
    reporter_code,
    form,
    period
