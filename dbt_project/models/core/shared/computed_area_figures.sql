with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

areas as (
    select dim_areas.*
    from {{ ref('dim_areas') }} as dim_areas
    inner join ledger on dim_areas.load_id = ledger.load_id
),

labels as (
    select dim_figures.*
    from {{ ref('dim_figures') }} as dim_figures
    inner join ledger on dim_figures.load_id = ledger.load_id
),

years as (
    select * from {{ ref('computed_area_figure_years') }}
    where release_id = {{ candidate_asked() }} and computed_in = {{ candidate_asked() }}
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
        totals.from_period,
        totals.to_period,
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
        reporters.from_period,
        reporters.to_period,
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

sums as (
    select
        figure,
        year,
        cut,
        cut_number,
        from_period,
        to_period,
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
    group by figure, year, cut, cut_number, from_period, to_period, borders, in_area_version
),

-- The children of an area stand beside its figures. A join with themselves would be compared row by row, since the
-- planner cannot know how many there are.
defined as (
    select
        sums.*,
        definitions.aggregation,
        definitions.is_population,
        max(sums.of_measure) filter (where definitions.is_population) over (
            partition by
                sums.year, sums.cut, sums.cut_number, sums.borders, sums.area_version, definitions.rate_population
        ) as children
    from sums
    inner join {{ ref('int_area_definitions') }} as definitions on sums.figure = definitions.figure
),

figures as (
    select
        defined.*,
        areas.area_code,
        areas.area_name,
        areas.area_short_name,
        areas.area_sort_order,
        areas.area_level,
        areas.area_level in ('district', 'commune') as is_unit,
        areas.valid_from <= defined.from_period
        and (areas.valid_until > defined.to_period or areas.valid_until is null) as is_valid_throughout,
        defined.expected_units = defined.reporting_units and defined.to_period <= years.last_period as is_complete
    from defined
    inner join years on defined.year = years.year
    inner join areas on defined.area_version = areas.area_version
    where not defined.is_population
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

rated as (
    select
        *,
        case
            when value is null then null
            when is_approximate or is_estimated then 'approx'
            when is_unit and not is_whole then case aggregation when 'percent' then 'approx' else 'gte' end
            when is_lower_bound then 'gte'
            else 'eq'
        end as qualifier,
        -- A rate needs a unit that is known as a whole, and was there in the whole cut: an area that ended in June has
        -- the incidents of half a year.
        case
            when
                is_unit
                and is_whole
                and (is_valid_throughout or borders = 'today')
                and value is not null
                and children > 0
                then children
        end as population
    from figure_values
)

select
    {{ candidate_asked() }}::integer as computed_in,
    rated.figure,
    labels.figure_label,
    labels.figure_sort_order,
    labels.unit,
    rated.year,
    rated.cut,
    rated.cut_number,
    rated.borders,
    rated.area_version,
    rated.area_code,
    rated.area_name,
    rated.area_short_name,
    rated.area_sort_order,
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
left join labels on rated.figure = labels.figure
left join {{ ref('int_poisson_bounds') }} as bounds on rated.population > 0 and rated.value = bounds.counted
