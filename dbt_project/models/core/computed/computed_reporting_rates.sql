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

-- Whatever arrived, also what was refused or held; a code that no reporter has may be anything and is not shown.
received as (
    select
        loads.reporter_code,
        loads.form,
        loads.period,
        min(loads.received_at) as received_at
    from {{ ref('stg_loads') }} as loads
    inner join reporters on loads.reporter_code = reporters.reporter_code
    where loads.form is not null and loads.period is not null
    group by loads.reporter_code, loads.form, loads.period
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
    counted.load_id is not null as is_counted,
    counted.load_id,
    due_dates.due_on,
    received.received_at,
    (received.received_at at time zone 'Asia/Ho_Chi_Minh')::date > due_dates.due_on as is_late
from due_dates
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
left join counted
    on
        due_dates.reporter_code = counted.reporter_code
        and due_dates.form = counted.form
        and due_dates.period = counted.period
