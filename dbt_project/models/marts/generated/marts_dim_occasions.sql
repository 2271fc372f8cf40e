{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_occasions.occasion,
    dim_occasions.occasion_label,
    dim_occasions.occasion_sort_order
from {{ ref('dim_occasions') }} as dim_occasions
where
    {{ is_visible('dim_occasions', 'codes') }}
