with figures as (
    select * from {{ ref('stg_figures') }}
    where {{ in_batches() }}
)

select
    load_id,
    figure,
    section,
    label as figure_label,
    unit,
    form,
    measure,
    aggregation,
    distinct_of,
    denominator,
    compared_figure,
    {% for filter in figure_filters() %}
    {{ filter }},
    {% endfor %}
    is_subset,
    sort_order as figure_sort_order,
    rate_population
from figures
