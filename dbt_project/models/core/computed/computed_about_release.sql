with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

contents as (
    select
        max(ledger.period) filter (where ledger.reporter_code <> '_reference') as last_period,
        coalesce(
            bool_or(loads.is_synthetic) filter (where ledger.reporter_code <> '_reference'), false
        ) as is_synthetic
    from ledger
    inner join {{ ref('stg_loads') }} as loads on ledger.load_id = loads.load_id
    -- A release without loads gets no row.
    having count(*) > 0
),

reporters as (
    select
        reporter_code,
        count(*) as expected_submissions,
        count(*) filter (where is_counted) as counted_submissions
    from {{ ref('computed_reporting_rates') }}
    where release_id = {{ candidate_asked() }} and is_expected
    group by reporter_code
),

completeness as (
    select
        count(*)::integer as expected_reporters,
        count(*) filter (where counted_submissions = expected_submissions)::integer as complete_reporters,
        coalesce(sum(expected_submissions), 0)::integer as expected_submissions,
        coalesce(sum(counted_submissions), 0)::integer as counted_submissions
    from reporters
)

select
    {{ candidate_asked() }}::integer as release_id,
    contents.last_period,
    completeness.expected_reporters,
    completeness.complete_reporters,
    completeness.expected_submissions,
    completeness.counted_submissions,
    contents.is_synthetic
from contents
cross join completeness
