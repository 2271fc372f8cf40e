{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_support_types.support_type,
    dim_support_types.support_type_label,
    dim_support_types.support_type_sort_order
from {{ ref('dim_support_types') }} as dim_support_types
where
    {{ is_visible('dim_support_types', 'codes') }}
