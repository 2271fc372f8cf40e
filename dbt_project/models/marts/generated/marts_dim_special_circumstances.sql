{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_special_circumstances.special_circumstance,
    dim_special_circumstances.special_circumstance_label,
    dim_special_circumstances.circumstance_kind,
    dim_special_circumstances.special_circumstance_sort_order
from {{ ref('dim_special_circumstances') }} as dim_special_circumstances
where
    {{ is_visible('dim_special_circumstances', 'codes') }}
