with lines as (
    select * from {{ source('raw', 'figures') }}
),

loads as (
    select * from {{ ref('base_loads') }}
)

select
    lines.load_id,
    lines.line,
    lines.figure,
    lines.section,
    lines.label,
    lines.unit,
    lines.form,
    lines.measure,
    lines.aggregation,
    lines.distinct_of,
    lines.denominator,
    lines.compared_figure,
    {% for filter in figure_filters() %}
    lines.{{ filter }},
    {% endfor %}
    coalesce(lines.is_subset, false) as is_subset,
    lines.sort_order,
    lines.rate_population,
    loads.is_synthetic,
    loads.batch_id,
    loads.load_state
from lines
inner join loads on lines.load_id = loads.load_id
