with figures as (
    select * from {{ ref('stg_figures') }}
    where {{ in_batches() }}
)

select
    load_id,
    {{ surrogate_key(['figure']) }} as figure_key,
    figure,
    section,
    label,
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
    sort_order,
    rate_population
from figures
