with ledger as (
    select
        *,
        extract(year from period)::integer as year,
        max(period) over (
            partition by reporter_code, form, extract(year from period)
        ) as last_period_of_year
    from {{ source('ops', 'published_loads') }}
    where {{ in_release() }}
),

figures as (
    select dim_figures.*
    from {{ ref('dim_figures') }} as dim_figures
    inner join ledger on dim_figures.load_id = ledger.load_id
),

years as (
    select distinct year from ledger
    where reporter_code <> '_reference'
),

-- Snapshots are not added over months: of a year, a reporter's last month counts.
loads_of_year as (
    select
        ledger.load_id,
        ledger.year,
        loads.is_synthetic
    from ledger
    inner join {{ ref('stg_loads') }} as loads on ledger.load_id = loads.load_id
    where
        ledger.form not in (
            {% for form in var('snapshot_forms') %}
            '{{ form }}'{{ ',' if not loop.last }}
            {% endfor %}
        )
        or ledger.period = ledger.last_period_of_year
),

measures as (
    select
        agg_measures.*,
        loads_of_year.year,
        loads_of_year.is_synthetic
    from {{ ref('agg_measures') }} as agg_measures
    inner join loads_of_year on agg_measures.load_id = loads_of_year.load_id
),

contributions as (
    select
        figures.figure,
        figures.aggregation,
        measures.year,
        measures.value,
        measures.measure = figures.measure as is_of_measure,
        measures.qualifier,
        measures.is_synthetic,
        case figures.distinct_of
            when 'area' then measures.area_code
            when 'programme' then measures.programme
            when 'funding_instrument' then measures.funding_instrument
            when 'support_type' then measures.support_type
        end as member
    from figures
    inner join measures
        on
            figures.form = measures.form
            and figures.is_subset = measures.is_subset
            and measures.measure in (figures.measure, figures.denominator)
            and (figures.event_type = measures.event_type or figures.event_type is null)
            and (figures.programme = measures.programme or figures.programme is null)
            and (figures.programme_kind = measures.programme_kind or figures.programme_kind is null)
            and (figures.occasion = measures.occasion or figures.occasion is null)
            and (figures.funding_kind = measures.funding_kind or figures.funding_kind is null)
            and (
                figures.special_circumstance = measures.special_circumstance
                or figures.special_circumstance is null
            )
            and (figures.incident_class = measures.incident_class or figures.incident_class is null)
    where figures.aggregation <> 'change'
),

totals as (
    select
        figure,
        aggregation,
        year,
        sum(value) filter (where is_of_measure) as of_measure,
        sum(value) filter (where not is_of_measure) as of_denominator,
        count(distinct member) filter (where is_of_measure and value > 0) as members,
        case
            when bool_or(qualifier = 'approx') then 'approx'
            when bool_or(qualifier = 'gte') then 'gte'
            else 'eq'
        end as qualifier,
        bool_or(is_synthetic) as is_synthetic
    from contributions
    group by figure, aggregation, year
),

reported as (
    select
        figure,
        year,
        case aggregation
            when 'sum' then of_measure
            when 'percent' then round(100 * of_measure / nullif(of_denominator, 0), 2)
            when 'count_distinct' then members
        end as value,
        qualifier,
        is_synthetic
    from totals
),

changes as (
    select
        figures.figure,
        this_year.year,
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
    where figures.aggregation = 'change'
),

known as (
    select
        figure,
        year,
        value,
        qualifier,
        is_synthetic
    from reported
    where value is not null
    union all
    select
        figure,
        year,
        value,
        qualifier,
        is_synthetic
    from changes
    where value is not null
),

reporters as (
    select
        form,
        extract(year from period)::integer as year,
        reporter_code,
        bool_and(is_counted) as is_complete
    from {{ ref('computed_reporting_rates') }}
    where release_id = {{ var('release_id') }} and is_expected
    group by form, extract(year from period), reporter_code
),

completeness as (
    select
        form,
        year,
        count(*)::integer as expected_reporters,
        count(*) filter (where is_complete)::integer as complete_reporters
    from reporters
    group by form, year
)

select
    {{ var('release_id') }}::integer as release_id,
    years.year,
    figures.figure,
    figures.sort_order,
    figures.section,
    figures.label,
    figures.unit,
    this_year.value,
    this_year.qualifier,
    year_before.value as previous_value,
    this_year.value - year_before.value as change,
    coalesce(completeness.expected_reporters, 0) as expected_reporters,
    coalesce(completeness.complete_reporters, 0) as complete_reporters,
    coalesce(this_year.is_synthetic, false) or coalesce(year_before.is_synthetic, false) as is_synthetic
from years
cross join figures
left join known as this_year on figures.figure = this_year.figure and years.year = this_year.year
left join known as year_before on figures.figure = year_before.figure and years.year = year_before.year + 1
left join completeness on figures.form = completeness.form and years.year = completeness.year
