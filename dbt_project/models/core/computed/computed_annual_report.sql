with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

figures as (
    select dim_figures.*
    from {{ ref('dim_figures') }} as dim_figures
    inner join ledger on dim_figures.load_id = ledger.load_id
),

years as (
    select * from {{ ref('computed_periodic_figures') }}
    where release_id = {{ candidate_asked() }} and cut = 'year'
)

select
    {{ candidate_asked() }}::integer as release_id,
    this_year.year,
    figures.figure,
    figures.figure_sort_order,
    figures.section,
    figures.figure_label,
    figures.unit,
    this_year.value,
    this_year.qualifier,
    year_before.value as previous_value,
    this_year.value - year_before.value as change,
    this_year.expected_reporters,
    this_year.complete_reporters,
    this_year.is_synthetic or coalesce(year_before.is_synthetic, false) as is_synthetic,
    this_year.expected_districts,
    this_year.complete_districts
from figures
inner join years as this_year on figures.figure = this_year.figure
left join years as year_before on figures.figure = year_before.figure and this_year.year = year_before.year + 1
