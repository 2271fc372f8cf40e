-- How many reporters are behind the figures of a form, and which months are missing.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

forms as (
    select distinct dim_figures.form
    from {{ ref('dim_figures') }} as dim_figures
    inner join ledger on dim_figures.load_id = ledger.load_id
),

cuts as (
    select * from {{ ref('int_cuts') }}
),

expected as (
    select
        form,
        reporter_code,
        coalesce(reporter_kind = 'district', false) as is_district,
        period,
        is_counted
    from {{ ref('computed_reporting_rates') }}
    where release_id = {{ candidate_asked() }} and is_expected
),

reporters as (
    select
        expected.form,
        cuts.year,
        cuts.cut,
        cuts.cut_number,
        expected.reporter_code,
        expected.is_district,
        bool_and(expected.is_counted) as is_complete
    from expected
    inner join cuts
        on
            extract(year from expected.period) = cuts.year
            and expected.period between cuts.from_period and cuts.to_period
    group by
        expected.form, cuts.year, cuts.cut, cuts.cut_number, expected.reporter_code, expected.is_district
),

counts as (
    select
        form,
        year,
        cut,
        cut_number,
        count(*)::integer as expected_reporters,
        count(*) filter (where is_complete)::integer as complete_reporters,
        count(*) filter (where is_district)::integer as expected_districts,
        count(*) filter (where is_district and is_complete)::integer as complete_districts
    from reporters
    group by form, year, cut, cut_number
),

complete_months as (
    select
        form,
        period
    from expected
    group by form, period
    having bool_and(is_counted)
),

months as (
    select generate_series(min(from_period), max(to_period), interval '1 month')::date as period
    from cuts
),

-- Months for which nothing is expected yet are missing too: in March a year is not complete.
missing_months as (
    select
        forms.form,
        cuts.year,
        cuts.cut,
        cuts.cut_number,
        string_agg(to_char(months.period, 'YYYY-MM'), ' ' order by months.period) as missing_months
    from cuts
    cross join forms
    inner join months on months.period between cuts.from_period and cuts.to_period
    left join complete_months on forms.form = complete_months.form and months.period = complete_months.period
    where complete_months.period is null
    group by forms.form, cuts.year, cuts.cut, cuts.cut_number
)

select
    forms.form,
    cuts.year,
    cuts.cut,
    cuts.cut_number,
    missing_months.missing_months,
    coalesce(counts.expected_reporters, 0) as expected_reporters,
    coalesce(counts.complete_reporters, 0) as complete_reporters,
    coalesce(counts.expected_districts, 0) as expected_districts,
    coalesce(counts.complete_districts, 0) as complete_districts
from cuts
cross join forms
left join counts
    on
        forms.form = counts.form
        and cuts.year = counts.year
        and cuts.cut = counts.cut
        and cuts.cut_number = counts.cut_number
left join missing_months
    on
        forms.form = missing_months.form
        and cuts.year = missing_months.year
        and cuts.cut = missing_months.cut
        and cuts.cut_number = missing_months.cut_number
