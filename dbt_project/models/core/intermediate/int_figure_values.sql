-- The figures that have data, by the cuts of the years.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

figures as (
    select dim_figures.*
    from {{ ref('dim_figures') }} as dim_figures
    inner join ledger on dim_figures.load_id = ledger.load_id
),

cuts as (
    select * from {{ ref('int_cuts') }}
),

contributions as (
    select * from {{ ref('int_contributions') }}
),

totals as (
    select
        contributions.figure,
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
    -- The join on the year comes first, because equality can use a hash and a span cannot.
    inner join cuts
        on
            extract(year from contributions.period) = cuts.year
            and contributions.period between cuts.from_period and cuts.to_period
            and (contributions.next_snapshot > cuts.to_period or contributions.next_snapshot is null)
    group by contributions.figure, cuts.year, cuts.cut, cuts.cut_number
),

reported as (
    select
        totals.figure,
        totals.year,
        totals.cut,
        totals.cut_number,
        case figures.aggregation
            when 'sum' then totals.of_measure
            when 'percent' then round(100 * totals.of_measure / nullif(totals.of_denominator, 0), 2)
            when 'count_distinct' then totals.members
        end as value,
        totals.qualifier,
        totals.is_synthetic
    from totals
    inner join figures on totals.figure = figures.figure
),

-- The same cut one year earlier.
changes as (
    select
        figures.figure,
        this_year.year,
        this_year.cut,
        this_year.cut_number,
        this_year.value - year_before.value as value,
        -- The difference of two lower bounds is no lower bound.
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
)

select * from reported
where value is not null
union all
select * from changes
where value is not null
