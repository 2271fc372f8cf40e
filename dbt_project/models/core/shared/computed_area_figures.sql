with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

areas as (
    select
        dim_areas.*,
        {{ area_version('dim_areas.area_code', 'dim_areas.valid_from') }} as area_version
    from {{ ref('dim_areas') }} as dim_areas
    inner join ledger on dim_areas.load_id = ledger.load_id
),

years as (
    select * from {{ ref('computed_area_figure_years') }}
    where release_id = {{ candidate_asked() }} and computed_in = {{ candidate_asked() }}
),

cuts as (
    select
        int_cuts.*,
        int_cuts.to_period <= years.last_period as has_ended
    from {{ ref('int_cuts') }} as int_cuts
    inner join years on int_cuts.year = years.year
),

in_borders as (
    select * from {{ ref('int_areas_in_borders') }}
),

-- Values, and beside them those who were expected to report.
parts as (
    select
        totals.figure,
        totals.year,
        totals.cut,
        totals.cut_number,
        in_borders.borders,
        in_borders.in_area_version,
        in_borders.is_whole,
        in_borders.is_estimated,
        totals.of_measure * in_borders.weight as of_measure,
        totals.of_denominator * in_borders.weight as of_denominator,
        totals.is_approximate,
        totals.is_lower_bound,
        totals.is_synthetic,
        null as reporter_code,
        null::boolean as is_reported
    from {{ ref('int_area_totals') }} as totals
    inner join in_borders
        on totals.area_version = in_borders.area_version and totals.unit_version = in_borders.unit_version
    union all
    select
        reporters.figure,
        reporters.year,
        reporters.cut,
        reporters.cut_number,
        in_borders.borders,
        in_borders.in_area_version,
        in_borders.is_whole,
        false as is_estimated,
        null as of_measure,
        null as of_denominator,
        false as is_approximate,
        false as is_lower_bound,
        reporters.is_synthetic,
        reporters.reporter_code,
        reporters.is_reported
    from {{ ref('int_area_reporters') }} as reporters
    inner join in_borders
        on reporters.area_version = in_borders.area_version and reporters.unit_version = in_borders.unit_version
),

sums as materialized (
    select
        figure,
        year,
        cut,
        cut_number,
        borders,
        in_area_version as area_version,
        bool_and(is_whole) as is_whole,
        bool_or(is_estimated) as is_estimated,
        trim_scale(sum(of_measure)) as of_measure,
        trim_scale(sum(of_denominator)) as of_denominator,
        bool_or(is_approximate) as is_approximate,
        bool_or(is_lower_bound) as is_lower_bound,
        bool_or(is_synthetic) as is_synthetic,
        count(distinct reporter_code)::integer as expected_units,
        (
            count(distinct reporter_code) - count(distinct reporter_code) filter (where not is_reported)
        )::integer as reporting_units
    from parts
    group by figure, year, cut, cut_number, borders, in_area_version
),

figures as (
    select
        sums.*,
        definitions.aggregation,
        definitions.rate_population,
        cuts.from_period,
        cuts.to_period,
        areas.area_code,
        areas.name as area_name,
        case
            when areas.area_code = 'unknown' then 'unknown'
            when areas.parent_code is null then 'province'
            else 'unit'
        end as area_level,
        areas.valid_from <= cuts.from_period
        and (areas.valid_until > cuts.to_period or areas.valid_until is null) as is_valid_throughout,
        sums.expected_units = sums.reporting_units and cuts.has_ended as is_complete
    from sums
    inner join {{ ref('int_area_definitions') }} as definitions
        on sums.figure = definitions.figure and not definitions.is_population
    inner join cuts
        on sums.year = cuts.year and sums.cut = cuts.cut and sums.cut_number = cuts.cut_number
    inner join areas on sums.area_version = areas.area_version
),

figure_values as (
    select
        *,
        case aggregation
            when 'percent' then round(100 * of_measure / nullif(of_denominator, 0), 2)
            -- If all said so, nothing is zero; if anybody is silent, nothing is unknown.
            else coalesce(of_measure, case when is_complete and expected_units > 0 then 0 end)
        end as value
    from figures
),

qualified as (
    select
        *,
        case
            when value is null then null
            when is_approximate or is_estimated then 'approx'
            when area_level = 'unit' and not is_whole then case aggregation when 'percent' then 'approx' else 'gte' end
            when is_lower_bound then 'gte'
            else 'eq'
        end as qualifier
    from figure_values
),

-- A rate needs a unit that is known as a whole, and was there in the whole cut: an area that ended in June has the
-- incidents of half a year.
rated as (
    select
        qualified.*,
        populations.of_measure as population
    from qualified
    left join sums as populations
        on
            'children:' || qualified.rate_population = populations.figure
            and qualified.year = populations.year
            and qualified.cut = populations.cut
            and qualified.cut_number = populations.cut_number
            and qualified.borders = populations.borders
            and qualified.area_version = populations.area_version
            and qualified.area_level = 'unit'
            and qualified.is_whole
            and (qualified.is_valid_throughout or qualified.borders = 'today')
            and qualified.value is not null
            and populations.of_measure > 0
)

select
    {{ candidate_asked() }}::integer as computed_in,
    rated.figure,
    rated.year,
    rated.cut,
    rated.cut_number,
    rated.borders,
    rated.area_version,
    rated.area_code,
    rated.area_name,
    rated.area_level,
    rated.from_period,
    rated.to_period,
    rated.value,
    rated.qualifier,
    case when rated.aggregation = 'percent' then rated.of_measure when rated.population > 0 then rated.value end
        as numerator,
    case when rated.aggregation = 'percent' then rated.of_denominator else rated.population end as denominator,
    round(100000 * rated.value / rated.population, 2) as rate,
    -- Above the list, Byar's approximation differs from the exact bound by less than 0.003 % (N. Breslow and N. Day,
    -- Statistical Methods in Cancer Research II, 1987, p. 69).
    case
        when rated.qualifier = 'eq' and rated.population > 0
            then round(100000 / rated.population * coalesce(
                bounds.low,
                rated.value * (1 - 1 / (9 * rated.value) - 1.959964 / (3 * sqrt(rated.value))) ^ 3
            ), 2)
    end as rate_low,
    case
        when rated.qualifier = 'eq' and rated.population > 0
            then round(100000 / rated.population * coalesce(
                bounds.high,
                (rated.value + 1)
                * (1 - 1 / (9 * (rated.value + 1)) + 1.959964 / (3 * sqrt(rated.value + 1))) ^ 3
            ), 2)
    end as rate_high,
    rated.expected_units,
    rated.reporting_units,
    rated.is_complete,
    rated.is_whole,
    rated.is_estimated,
    rated.is_synthetic
from rated
left join {{ ref('int_poisson_bounds') }} as bounds on rated.population > 0 and rated.value = bounds.counted
