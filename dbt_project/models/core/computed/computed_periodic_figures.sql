-- Every figure by month, quarter, half-year, nine months, year, and from the start of the year to each month.
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

figure_values as (
    select * from {{ ref('int_figure_values') }}
),

completeness as (
    select * from {{ ref('int_completeness') }}
)

select
    {{ candidate_asked() }}::integer as release_id,
    figures.figure,
    cuts.year,
    cuts.cut,
    cuts.cut_number,
    cuts.from_period,
    cuts.to_period,
    figure_values.value,
    figure_values.qualifier,
    completeness.missing_months is null as is_complete,
    completeness.missing_months,
    completeness.expected_reporters,
    completeness.complete_reporters,
    coalesce(figure_values.is_synthetic, false) as is_synthetic,
    figures.figure_sort_order,
    figures.section,
    figures.figure_label,
    figures.unit,
    year_before.value as previous_value,
    figure_values.value - year_before.value as change,
    case
        when
            cuts.cut = 'month' and figures.aggregation = 'sum'
            and figures.form not in ({{ quoted(snapshot_forms()) }})
            then figure_values.value
    end as addend,
    completeness.expected_districts,
    completeness.complete_districts
from cuts
cross join figures
left join figure_values
    on
        figures.figure = figure_values.figure
        and cuts.year = figure_values.year
        and cuts.cut = figure_values.cut
        and cuts.cut_number = figure_values.cut_number
left join figure_values as year_before
    on
        figures.figure = year_before.figure
        and cuts.year = year_before.year + 1
        and cuts.cut = year_before.cut
        and cuts.cut_number = year_before.cut_number
-- Never without a row, but an inner join over four columns makes the planner expect one row in all, and ask for the values
-- of figures again for each.
left join completeness
    on
        figures.form = completeness.form
        and cuts.year = completeness.year
        and cuts.cut = completeness.cut
        and cuts.cut_number = completeness.cut_number
