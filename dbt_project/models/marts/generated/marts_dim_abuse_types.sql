{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_abuse_types.abuse_type,
    dim_abuse_types.abuse_type_label,
    dim_abuse_types.abuse_type_sort_order
from {{ ref('dim_abuse_types') }} as dim_abuse_types
where
    {{ is_visible('dim_abuse_types', 'codes') }}
