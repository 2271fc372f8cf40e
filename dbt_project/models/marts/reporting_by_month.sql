with rates as (
    select * from {{ ref('computed_reporting_rates') }}
    where release_id = {{ seen_release() }}
)

select
    release_id,
    reporter_code,
    reporter_kind,
    {{ label('reporter_kind', 'reporter_kind') }} as reporter_kind_label,
    period,
    count(*) filter (where is_expected)::integer as expected_submissions,
    count(*) filter (where is_expected and is_counted)::integer as counted_submissions,
    count(*) filter (where is_on_time is not null)::integer as due_submissions,
    count(*) filter (where is_on_time)::integer as on_time_submissions,
    bool_and(is_counted) filter (where is_expected) as is_complete
from rates
group by release_id, reporter_code, reporter_kind, period
