-- Every figure by month, quarter, half-year, nine months, year, and from the start of the year to each month.
with ledger as (
    select * from {{ source('ops', 'published_loads') }}
    where {{ in_release() }}
),

figures as (
    select dim_figures.*
    from {{ ref('dim_figures') }} as dim_figures
    inner join ledger on dim_figures.load_id = ledger.load_id
),

loads as (
    select
        ledger.load_id,
        ledger.reporter_code,
        ledger.form,
        ledger.period,
        stg_loads.is_synthetic
    from ledger
    inner join {{ ref('stg_loads') }} as stg_loads on ledger.load_id = stg_loads.load_id
    where ledger.reporter_code <> '_reference'
),

numbers as (
    select generate_series(1, 12) as number
),

cuts_of_any_year as (
    select
        'month' as cut,
        number as cut_number,
        number as from_month,
        number as to_month
    from numbers
    union all
    select
        'quarter' as cut,
        number as cut_number,
        3 * number - 2 as from_month,
        3 * number as to_month
    from numbers
    where number <= 4
    union all
    select
        'half_year' as cut,
        number as cut_number,
        6 * number - 5 as from_month,
        6 * number as to_month
    from numbers
    where number <= 2
    union all
    select
        'nine_months' as cut,
        1 as cut_number,
        1 as from_month,
        9 as to_month
    union all
    select
        'year_to_date' as cut,
        number as cut_number,
        1 as from_month,
        number as to_month
    from numbers
    union all
    select
        'year' as cut,
        1 as cut_number,
        1 as from_month,
        12 as to_month
),

years as (
    select
        extract(year from period)::integer as year,
        max(period) as last_period
    from loads
    group by extract(year from period)
),

-- Cuts that have begun: of a year that is running, its later months are not there yet.
cuts as (
    select
        years.year,
        cuts_of_any_year.cut,
        cuts_of_any_year.cut_number,
        make_date(years.year, cuts_of_any_year.from_month, 1) as from_period,
        make_date(years.year, cuts_of_any_year.to_month, 1) as to_period
    from years
    inner join cuts_of_any_year on make_date(years.year, cuts_of_any_year.from_month, 1) <= years.last_period
    where
        cuts_of_any_year.cut in (
            {% for cut in var('cuts') %}
            '{{ cut }}'{{ ',' if not loop.last }}
            {% endfor %}
        )
        and (
            cuts_of_any_year.cut <> 'year_to_date'
            or make_date(years.year, cuts_of_any_year.to_month, 1) <= years.last_period
        )
),

-- Snapshots are not added over months: of a cut, a reporter's last month counts. So a load of them counts in a cut that
-- ends before the reporter's next one; any other load counts in every cut.
loads_in_order as (
    select
        load_id,
        period,
        is_synthetic,
        lead(period) over (partition by reporter_code, form order by period) as next_period,
        form in (
            {% for form, parts in submission_forms().items() if parts.kind == 'snapshot' %}
            '{{ form }}'{{ ',' if not loop.last }}
            {% endfor %}
        ) as is_snapshot
    from loads
),

-- Summed before they meet the cuts: of each month as many rows as there are figures and members, not loads.
contributions as (
    select
        figures.figure,
        figures.aggregation,
        loads_in_order.period,
        case when loads_in_order.is_snapshot then loads_in_order.next_period end as next_snapshot,
        measures.measure = figures.measure as is_of_measure,
        measures.qualifier,
        case figures.distinct_of
            {% for member in figure_members() %}
            when '{{ member }}' then measures.{{ 'area_code' if member == 'area' else member }}
            {% endfor %}
        end as member,
        bool_or(loads_in_order.is_synthetic) as is_synthetic,
        sum(measures.value) as value
    from figures
    inner join {{ ref('agg_measures') }} as measures
        on
            figures.form = measures.form
            and figures.is_subset = measures.is_subset
            and measures.measure in (figures.measure, figures.denominator)
            {% for filter in figure_filters() %}
            and (figures.{{ filter }} = measures.{{ filter }} or figures.{{ filter }} is null)
            {% endfor %}
    inner join loads_in_order on measures.load_id = loads_in_order.load_id
    where figures.aggregation <> 'change'
    group by
        figures.figure, figures.aggregation, loads_in_order.period, next_snapshot, figures.measure, measures.measure,
        measures.qualifier, member
),

totals as (
    select
        contributions.figure,
        contributions.aggregation,
        cuts.year,
        cuts.cut,
        cuts.cut_number,
        sum(contributions.value) filter (where contributions.is_of_measure) as of_measure,
        sum(contributions.value) filter (where not contributions.is_of_measure) as of_denominator,
        count(distinct contributions.member) filter (
            where contributions.is_of_measure and contributions.value > 0
        ) as members,
        case
            when bool_or(contributions.qualifier = 'approx') then 'approx'
            when bool_or(contributions.qualifier = 'gte') then 'gte'
            else 'eq'
        end as qualifier,
        bool_or(contributions.is_synthetic) as is_synthetic
    from contributions
    -- By year first: it can be looked up, a span cannot.
    inner join cuts
        on
            extract(year from contributions.period) = cuts.year
            and contributions.period between cuts.from_period and cuts.to_period
            and (contributions.next_snapshot > cuts.to_period or contributions.next_snapshot is null)
    group by contributions.figure, contributions.aggregation, cuts.year, cuts.cut, cuts.cut_number
),

reported as (
    select
        figure,
        year,
        cut,
        cut_number,
        case aggregation
            when 'sum' then of_measure
            when 'percent' then round(100 * of_measure / nullif(of_denominator, 0), 2)
            when 'count_distinct' then members
        end as value,
        qualifier,
        is_synthetic
    from totals
),

-- The same cut one year earlier.
changes as (
    select
        figures.figure,
        this_year.year,
        this_year.cut,
        this_year.cut_number,
        this_year.value - year_before.value as value,
        -- The difference of two lower bounds is not a lower bound.
        case
            when this_year.qualifier = 'eq' and year_before.qualifier = 'eq' then 'eq'
            else 'approx'
        end as qualifier,
        this_year.is_synthetic or year_before.is_synthetic as is_synthetic
    from figures
    inner join reported as this_year on figures.compared_figure = this_year.figure
    inner join reported as year_before
        on
            this_year.figure = year_before.figure
            and this_year.year = year_before.year + 1
            and this_year.cut = year_before.cut
            and this_year.cut_number = year_before.cut_number
    where figures.aggregation = 'change'
),

known as (
    select * from reported
    where value is not null
    union all
    select * from changes
    where value is not null
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

completeness as (
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

forms as (
    select distinct form from figures
),

months as (
    select make_date(years.year, numbers.number, 1) as period
    from years
    cross join numbers
),

-- Also the months of which nothing is expected yet: a year in March is not complete.
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
    {{ candidate_asked() }}::integer as release_id,
    figures.figure,
    cuts.year,
    cuts.cut,
    cuts.cut_number,
    cuts.from_period,
    cuts.to_period,
    known.value,
    known.qualifier,
    missing_months.missing_months is null as is_complete,
    missing_months.missing_months,
    coalesce(completeness.expected_reporters, 0) as expected_reporters,
    coalesce(completeness.complete_reporters, 0) as complete_reporters,
    coalesce(known.is_synthetic, false) as is_synthetic,
    coalesce(completeness.expected_districts, 0) as expected_districts,
    coalesce(completeness.complete_districts, 0) as complete_districts
from cuts
cross join figures
left join known
    on
        figures.figure = known.figure
        and cuts.year = known.year
        and cuts.cut = known.cut
        and cuts.cut_number = known.cut_number
left join completeness
    on
        figures.form = completeness.form
        and cuts.year = completeness.year
        and cuts.cut = completeness.cut
        and cuts.cut_number = completeness.cut_number
left join missing_months
    on
        figures.form = missing_months.form
        and cuts.year = missing_months.year
        and cuts.cut = missing_months.cut
        and cuts.cut_number = missing_months.cut_number
