-- Who was expected to report a figure, and who gave its measure in every expected month of the cut. A submission without a
-- line that the figure counts says that there was nothing; one with such a line and no number in it leaves it open.
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

expected as (
    select
        rates.reporter_code,
        rates.form,
        rates.period,
        rates.load_id,
        coalesce(units.area_version, {{ unknown_area_version() }}) as area_version,
        coalesce(units.unit_version, {{ unknown_area_version() }}) as unit_version,
        coalesce(loads.is_synthetic, false) as is_synthetic
    from {{ ref('computed_reporting_rates') }} as rates
    inner join years on extract(year from rates.period) = years.year
    inner join reporters on rates.reporter_code = reporters.reporter_code
    left join {{ ref('int_area_units') }} as units
        on reporters.area_code = units.area_code and rates.period = units.period
    left join {{ ref('stg_loads') }} as loads on rates.load_id = loads.load_id
    where rates.release_id = {{ candidate_asked() }} and rates.is_expected
),

cuts as (
    select * from {{ ref('int_cuts') }}
    where cut <> 'year_to_date'
),

left_open as (
    select
        definitions.figure,
        measures.load_id
    from definitions
    inner join {{ ref('agg_measures') }} as measures
        on
            {{ selects_lines('definitions', 'measures') | indent(12) }}
    inner join expected on measures.load_id = expected.load_id
    group by definitions.figure, definitions.denominator, measures.load_id
    having
        not bool_or(measures.measure = definitions.measure)
        or not coalesce(bool_or(measures.measure = definitions.denominator), true)
)

select
    definitions.figure,
    cuts.year,
    cuts.cut,
    cuts.cut_number,
    cuts.from_period,
    cuts.to_period,
    expected.area_version,
    expected.unit_version,
    expected.reporter_code,
    bool_and(expected.load_id is not null and left_open.load_id is null) as is_reported,
    bool_or(expected.is_synthetic) as is_synthetic
from definitions
inner join expected on definitions.form = expected.form
inner join cuts
    on
        extract(year from expected.period) = cuts.year
        and expected.period between cuts.from_period and cuts.to_period
left join left_open on definitions.figure = left_open.figure and expected.load_id = left_open.load_id
group by
    definitions.figure, cuts.year, cuts.cut, cuts.cut_number, cuts.from_period, cuts.to_period, expected.area_version,
    expected.unit_version, expected.reporter_code
