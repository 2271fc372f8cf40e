with rates as (
    select * from {{ ref('computed_reporting_rates') }}
    where release_id = {{ seen_release() }} and is_expected
),

reporters as (
    select
        release_id,
        extract(year from period)::integer as year,
        reporter_code,
        count(*) as expected_submissions,
        count(*) filter (where is_counted) as counted_submissions
    from rates
    group by release_id, extract(year from period), reporter_code
)

select
    release_id,
    year,
    count(*)::integer as expected_reporters,
    count(*) filter (where counted_submissions = expected_submissions)::integer as complete_reporters,
    sum(expected_submissions)::integer as expected_submissions,
    sum(counted_submissions)::integer as counted_submissions
from reporters
group by release_id, year
