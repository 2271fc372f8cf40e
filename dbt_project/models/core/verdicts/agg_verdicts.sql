-- The first release that knows a night writes its rows, and they stay: verdicts on a load never change. So no release
-- reads the history of all problems and verdicts again.
with nights as (
    select batch_id from {{ ref('stg_batches') }}
    where batch_kind = 'night' and batch_id in ({{ new_batches() }})
),

loads as (
    select stg_loads.*
    from {{ ref('stg_loads') }} as stg_loads
    inner join nights on stg_loads.batch_id = nights.batch_id
    where stg_loads.reporter_code is distinct from '_reference'
),

-- A load breaks a rule once, however many of its lines break it.
broken_rules as (
    select
        problems.load_id,
        'reading' as gate,
        problems.rule,
        problems.severity
    from {{ ref('stg_problems') }} as problems
    inner join loads on problems.load_id = loads.load_id
    union distinct
    select
        verdicts.load_id,
        verdicts.gate,
        verdicts.rule,
        verdicts.severity
    from {{ ref('stg_verdicts') }} as verdicts
    inner join loads on verdicts.load_id = loads.load_id
    where verdicts.gate = 'loads' and not verdicts.is_met
),

verdicts_of_loads as (
    select
        loads.batch_id,
        date_trunc('month', loads.loaded_at at time zone 'Asia/Ho_Chi_Minh')::date as month,
        broken_rules.gate,
        broken_rules.rule,
        broken_rules.severity,
        loads.reporter_code,
        loads.form,
        loads.period
    from broken_rules
    inner join loads on broken_rules.load_id = loads.load_id
)

select
    batch_id,
    month,
    gate,
    rule,
    severity,
    reporter_code,
    form,
    period,
    count(*)::integer as failed
from verdicts_of_loads
group by batch_id, month, gate, rule, severity, reporter_code, form, period
