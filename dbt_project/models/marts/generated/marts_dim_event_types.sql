{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_event_types.event_type,
    dim_event_types.event_type_label,
    dim_event_types.event_type_sort_order
from {{ ref('dim_event_types') }} as dim_event_types
where
    {{ is_visible('dim_event_types', 'codes') }}
