with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

counted as (
    select * from ledger
    where reporter_code <> '_reference'
),

reporters as (
    select dim_reporters.*
    from {{ ref('dim_reporters') }} as dim_reporters
    inner join ledger on dim_reporters.load_id = ledger.load_id
),

expected as (
    select * from {{ ref('int_expected_submissions') }}
),

received as (
    select * from {{ ref('int_received_submissions') }}
),

known_batches as (
    {{ known_batches() }}
),

released as (
    select (created_at at time zone 'Asia/Ho_Chi_Minh')::date as released_on
    from {{ ref('stg_releases') }}
    where release_id = {{ candidate_asked() }}
),

counting as (
    select
        counted.*,
        loads.rows_loaded,
        (loads.received_at at time zone 'Asia/Ho_Chi_Minh')::date as received_on
    from counted
    inner join {{ ref('stg_loads') }} as loads on counted.load_id = loads.load_id
),

broken_rules as (
    select
        agg_verdicts.reporter_code,
        agg_verdicts.form,
        agg_verdicts.period,
        string_agg(distinct agg_verdicts.rule, ' ' order by agg_verdicts.rule) as broken_rules
    from {{ ref('agg_verdicts') }} as agg_verdicts
    inner join known_batches on agg_verdicts.batch_id = known_batches.batch_id
    where agg_verdicts.severity <> 'info'
    group by agg_verdicts.reporter_code, agg_verdicts.form, agg_verdicts.period
),

submissions as (
    select
        reporter_code,
        form,
        period
    from expected
    union distinct
    select
        reporter_code,
        form,
        period
    from received
    union distinct
    select
        reporter_code,
        form,
        period
    from counted
),

due_dates as (
    select
        submissions.*,
        reporters.reporter_kind,
        (submissions.period + interval '1 month')::date + (reporters.due_day - 1)::integer as due_on
    from submissions
    left join reporters on submissions.reporter_code = reporters.reporter_code
)

select
    {{ candidate_asked() }}::integer as release_id,
    due_dates.reporter_code,
    due_dates.form,
    due_dates.period,
    expected.reporter_code is not null as is_expected,
    received.reporter_code is not null as is_received,
    counting.load_id is not null as is_counted,
    counting.load_id,
    due_dates.due_on,
    received.received_at,
    received.first_received_on > due_dates.due_on as is_late,
    due_dates.reporter_kind,
    received.first_received_on,
    counting.received_on,
    case
        when received.first_received_on > due_dates.due_on then received.first_received_on - due_dates.due_on
        when received.first_received_on <= due_dates.due_on then 0
    end as days_late,
    case
        when received.reporter_code is not null then received.first_received_on <= due_dates.due_on
        when released.released_on > due_dates.due_on then false
    end as is_on_time,
    counting.rows_loaded as counted_lines,
    coalesce(received.times_submitted, 0) as times_submitted,
    coalesce(received.times_accepted, 0) as times_accepted,
    coalesce(received.times_refused, 0) as times_refused,
    coalesce(received.times_held, 0) as times_held,
    coalesce(received.resubmissions, 0) as resubmissions,
    broken_rules.broken_rules
from due_dates
cross join released
left join expected
    on
        due_dates.reporter_code = expected.reporter_code
        and due_dates.form = expected.form
        and due_dates.period = expected.period
left join received
    on
        due_dates.reporter_code = received.reporter_code
        and due_dates.form = received.form
        and due_dates.period = received.period
left join counting
    on
        due_dates.reporter_code = counting.reporter_code
        and due_dates.form = counting.form
        and due_dates.period = counting.period
left join broken_rules
    on
        due_dates.reporter_code = broken_rules.reporter_code
        and due_dates.form = broken_rules.form
        and due_dates.period = broken_rules.period
