with ledger as (
    select * from {{ source('ops', 'published_loads') }}
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

-- A year still running is expected up to the last month that any reporter has reported.
months as (
    select generate_series(date_trunc('year', min(period)), max(period), interval '1 month')::date as period
    from counted
),

expected_forms as (
    select
        reporters.reporter_code,
        reporters.valid_from,
        reporters.valid_until,
        expected.form
    from reporters
    cross join unnest(string_to_array(reporters.expected_forms, ' ')) as expected (form)
),

expected as (
    select
        expected_forms.reporter_code,
        expected_forms.form,
        months.period
    from expected_forms
    inner join months
        on
            expected_forms.valid_from < months.period + interval '1 month'
            and (expected_forms.valid_until > months.period or expected_forms.valid_until is null)
),

known_batches as (
    {{ known_batches() }}
),

released as (
    select (created_at at time zone 'Asia/Ho_Chi_Minh')::date as released_on
    from {{ source('ops', 'releases') }}
    where release_id = {{ candidate_asked() }}
),

-- What arrived, a file once: of its readings the newest that was not refused speaks, as in the ledger. A code that no
-- reporter has may be anything and is not shown.
deliveries as (
    select distinct on (loads.delivery_id, loads.form)
        loads.delivery_id,
        loads.reporter_code,
        loads.form,
        loads.period,
        loads.load_state,
        loads.received_at
    from {{ ref('stg_loads') }} as loads
    inner join known_batches on loads.batch_id = known_batches.batch_id
    inner join reporters on loads.reporter_code = reporters.reporter_code
    where loads.form is not null and loads.period is not null
    order by loads.delivery_id asc, loads.form asc, loads.load_state = 'refused' asc, loads.load_id desc
),

deliveries_in_order as (
    select
        *,
        min(delivery_id) filter (where load_state <> 'refused') over (
            partition by reporter_code, form, period
        ) as first_readable
    from deliveries
),

received as (
    select
        reporter_code,
        form,
        period,
        min(received_at) as received_at,
        (min(received_at) at time zone 'Asia/Ho_Chi_Minh')::date as first_received_on,
        count(*)::integer as times_submitted,
        count(*) filter (where load_state not in ('refused', 'held'))::integer as times_accepted,
        count(*) filter (where load_state = 'refused')::integer as times_refused,
        count(*) filter (where load_state = 'held')::integer as times_held,
        count(*) filter (where delivery_id > first_readable)::integer as resubmissions
    from deliveries_in_order
    group by reporter_code, form, period
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
