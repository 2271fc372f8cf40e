{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_sexes.sex,
    dim_sexes.sex_label,
    dim_sexes.sex_sort_order
from {{ ref('dim_sexes') }} as dim_sexes
where
    {{ is_visible('dim_sexes', 'codes') }}
