-- What loads contribute to figures. It is summed before the join with the cuts, so each month has a row per figure and
-- member instead of a row per load.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

figures as (
    select dim_figures.*
    from {{ ref('dim_figures') }} as dim_figures
    inner join ledger on dim_figures.load_id = ledger.load_id
    where dim_figures.aggregation <> 'change'
),

reporters as (
    select dim_reporters.*
    from {{ ref('dim_reporters') }} as dim_reporters
    inner join ledger on dim_reporters.load_id = ledger.load_id
),

loads as (
    {{ loads_with_next_snapshot('ledger', 'reporters') | indent(4) }}
)

select
    figures.figure,
    loads.period,
    loads.next_snapshot,
    measures.measure = figures.measure as is_of_measure,
    measures.qualifier,
    case figures.distinct_of
        {% for member in figure_members() %}
        when '{{ member }}' then measures.{{ 'area_code' if member == 'area' else member }}
        {% endfor %}
    end as member,
    bool_or(loads.is_synthetic) as is_synthetic,
    sum(measures.value) as value
from figures
inner join {{ ref('agg_measures') }} as measures
    on
        {{ selects_lines('figures', 'measures') | indent(8) }}
        and measures.measure in (figures.measure, figures.denominator)
inner join loads on measures.load_id = loads.load_id
group by
    figures.figure, loads.period, loads.next_snapshot, figures.measure, measures.measure, measures.qualifier, member
