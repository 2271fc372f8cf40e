-- Figures by the area that was reported. Only for the years that are computed in this release.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

definitions as (
    select * from {{ ref('int_area_definitions') }}
),

reporters as (
    select dim_reporters.*
    from {{ ref('dim_reporters') }} as dim_reporters
    inner join ledger on dim_reporters.load_id = ledger.load_id
),

years as (
    select * from {{ ref('computed_area_figure_years') }}
    where release_id = {{ candidate_asked() }} and computed_in = {{ candidate_asked() }}
),

loads as (
    {{ loads_with_next_snapshot('ledger', 'reporters') | indent(4) }}
),

loads_of_years as (
    select loads.*
    from loads
    inner join years on extract(year from loads.period) = years.year
),

units as (
    select * from {{ ref('int_area_units') }}
),

cuts as (
    select * from {{ ref('int_cuts') }}
    where cut <> 'year_to_date'
),

contributions as (
    select
        definitions.figure,
        definitions.aggregation,
        measures.area_code,
        loads.period,
        loads.next_snapshot,
        sum(measures.value) filter (where measures.measure = definitions.measure) as of_measure,
        sum(measures.value) filter (where measures.measure <> definitions.measure) as of_denominator,
        bool_or(measures.qualifier = 'approx') as is_approximate,
        bool_or(measures.qualifier = 'gte') as is_lower_bound,
        bool_or(loads.is_synthetic) as is_synthetic
    from definitions
    inner join {{ ref('agg_measures') }} as measures
        on
            {{ selects_lines('definitions', 'measures') | indent(12) }}
            and measures.measure in (definitions.measure, definitions.denominator)
    inner join loads_of_years as loads on measures.load_id = loads.load_id
    group by
        definitions.figure, definitions.aggregation, measures.area_code, loads.period, loads.next_snapshot
),

totals as (
    select
        contributions.figure,
        contributions.aggregation,
        cuts.year,
        cuts.cut,
        cuts.cut_number,
        cuts.from_period,
        cuts.to_period,
        contributions.area_code,
        coalesce(units.area_version, {{ unknown_area_version() }}) as area_version,
        coalesce(units.unit_version, {{ unknown_area_version() }}) as unit_version,
        sum(contributions.of_measure) as of_measure,
        sum(contributions.of_denominator) as of_denominator,
        max(contributions.period) filter (where contributions.of_measure > 0) as last_period,
        bool_or(contributions.is_approximate) as is_approximate,
        bool_or(contributions.is_lower_bound) as is_lower_bound,
        bool_or(contributions.is_synthetic) as is_synthetic
    from contributions
    inner join cuts
        on
            extract(year from contributions.period) = cuts.year
            and contributions.period between cuts.from_period and cuts.to_period
            and (contributions.next_snapshot > cuts.to_period or contributions.next_snapshot is null)
    left join units on contributions.area_code = units.area_code and contributions.period = units.period
    group by
        contributions.figure, contributions.aggregation, cuts.year, cuts.cut, cuts.cut_number, cuts.from_period,
        cuts.to_period, contributions.area_code, units.area_version, units.unit_version
),

counted as (
    select
        *,
        -- An area is counted once, as what it was last.
        case
            when aggregation <> 'count_distinct' then of_measure
            when last_period = max(last_period) over (partition by figure, year, cut, cut_number, area_code) then 1
            else 0
        end as value
    from totals
)

select
    figure,
    year,
    cut,
    cut_number,
    from_period,
    to_period,
    area_version,
    unit_version,
    sum(value) as of_measure,
    sum(of_denominator) as of_denominator,
    bool_or(is_approximate) as is_approximate,
    bool_or(is_lower_bound) as is_lower_bound,
    bool_or(is_synthetic) as is_synthetic
from counted
group by figure, year, cut, cut_number, from_period, to_period, area_version, unit_version
