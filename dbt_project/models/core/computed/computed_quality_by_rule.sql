with known_batches as (
    {{ known_batches() }}
),

loads as (
    select
        date_trunc('month', stg_loads.loaded_at at time zone 'Asia/Ho_Chi_Minh')::date as month,
        coalesce(stg_loads.form, 'unknown') as form
    from {{ ref('stg_loads') }} as stg_loads
    inner join known_batches on stg_loads.batch_id = known_batches.batch_id
    inner join {{ ref('stg_batches') }} as batches on stg_loads.batch_id = batches.batch_id
    where batches.batch_kind = 'night' and stg_loads.reporter_code is distinct from '_reference'
),

-- Gate 2 judges a release after this table is computed, so its verdict shows in the next release.
release_verdicts as (
    select
        date_trunc('month', judged_at at time zone 'Asia/Ho_Chi_Minh')::date as month,
        release_id,
        rule,
        severity,
        is_met
    from {{ ref('stg_verdicts') }}
    where gate = 'release' and release_id < {{ candidate_asked() }}
),

judged as (
    select
        month,
        form,
        count(*)::integer as judged
    from loads
    group by month, form
    union all
    select
        month,
        'all' as form,
        count(distinct release_id)::integer as judged
    from release_verdicts
    group by month
),

broken as (
    select
        agg_verdicts.month,
        agg_verdicts.gate,
        agg_verdicts.rule,
        agg_verdicts.severity,
        coalesce(agg_verdicts.form, 'unknown') as form,
        sum(agg_verdicts.failed)::integer as failed,
        count(distinct agg_verdicts.reporter_code)::integer as failed_reporters
    from {{ ref('agg_verdicts') }} as agg_verdicts
    inner join known_batches on agg_verdicts.batch_id = known_batches.batch_id
    group by
        agg_verdicts.month, agg_verdicts.gate, agg_verdicts.rule, agg_verdicts.severity,
        coalesce(agg_verdicts.form, 'unknown')
    union all
    select
        month,
        'release' as gate,
        rule,
        severity,
        'all' as form,
        count(distinct release_id)::integer as failed,
        null as failed_reporters
    from release_verdicts
    where not is_met
    group by month, rule, severity
),

-- A rule has a row for every month since it was first broken, even if nobody broke it in that month: a chart needs the
-- zeros, and a share needs the whole.
rules as (
    select
        gate,
        rule,
        severity,
        form,
        min(month) as first_month
    from broken
    group by gate, rule, severity, form
)

select
    {{ candidate_asked() }}::integer as release_id,
    judged.month,
    rules.gate,
    rules.rule,
    rules.severity,
    rules.form,
    judged.judged,
    coalesce(broken.failed, 0) as failed,
    case when rules.gate <> 'release' then coalesce(broken.failed_reporters, 0) end as failed_reporters
from rules
inner join judged on rules.form = judged.form and rules.first_month <= judged.month
left join broken
    on
        rules.gate = broken.gate
        and rules.rule = broken.rule
        and rules.severity = broken.severity
        and rules.form = broken.form
        and judged.month = broken.month
