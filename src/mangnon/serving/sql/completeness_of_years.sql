-- One row for each of the last two years: how many reporters were expected, and how many reported every month.
with reporters as (
    select
        extract(year from period)::integer as year,
        reporter_code,
        reporter_kind = 'district' as is_district,
        bool_and(is_counted) as is_complete
    from core.computed_reporting_rates
    where release_id = %(visible)s and is_expected
    group by year, reporter_code, is_district
)

select
    year,
    count(*) as expected_reporters,
    count(*) filter (where is_complete) as complete_reporters,
    count(*) filter (where is_district) as expected_districts,
    count(*) filter (where is_district and is_complete) as complete_districts
from reporters
group by year
order by year desc
limit 2
