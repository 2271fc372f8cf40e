-- What is added up by area. The groups of children that rates are about are added up like figures, in the same borders.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

figures as (
    select dim_figures.*
    from {{ ref('dim_figures') }} as dim_figures
    inner join ledger on dim_figures.load_id = ledger.load_id
)

select
    figure,
    form,
    measure,
    aggregation,
    denominator,
    {% for filter in figure_filters() %}
    {{ filter }},
    {% endfor %}
    is_subset,
    rate_population,
    false as is_population
from figures
where aggregation in ('sum', 'percent') or (aggregation = 'count_distinct' and distinct_of = 'area')
union all
select distinct
    'children:' || rate_population as figure,
    'child_population' as form,
    'children' as measure,
    'sum' as aggregation,
    null as denominator,
    {% for filter in figure_filters() %}
    {{ 'rate_population' if filter == 'special_circumstance' else 'null' }} as {{ filter }},
    {% endfor %}
    false as is_subset,
    rate_population,
    true as is_population
from figures
where rate_population is not null
