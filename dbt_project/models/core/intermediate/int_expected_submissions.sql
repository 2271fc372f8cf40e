-- In the current year, submissions are expected up to the last month that any reporter has reported.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

reporters as (
    select dim_reporters.*
    from {{ ref('dim_reporters') }} as dim_reporters
    inner join ledger on dim_reporters.load_id = ledger.load_id
),

months as (
    select generate_series(date_trunc('year', min(period)), max(period), interval '1 month')::date as period
    from ledger
    where reporter_code <> '_reference'
),

expected_forms as (
    select
        reporters.reporter_code,
        reporters.valid_from,
        reporters.valid_until,
        expected.form
    from reporters
    cross join unnest(string_to_array(reporters.expected_forms, ' ')) as expected (form)
)

select
    expected_forms.reporter_code,
    expected_forms.form,
    months.period
from expected_forms
inner join months
    on
        expected_forms.valid_from < months.period + interval '1 month'
        and (expected_forms.valid_until > months.period or expected_forms.valid_until is null)
