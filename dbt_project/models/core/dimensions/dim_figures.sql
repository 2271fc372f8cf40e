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
    event_type,
    programme,
    programme_kind,
    occasion,
    funding_kind,
    special_circumstance,
    incident_class,
    is_subset,
    sort_order
from figures
