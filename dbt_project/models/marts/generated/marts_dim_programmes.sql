{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_programmes.programme,
    dim_programmes.programme_label,
    dim_programmes.programme_kind,
    dim_programmes.programme_sort_order
from {{ ref('dim_programmes') }} as dim_programmes
where
    {{ is_visible('dim_programmes', 'codes') }}
