{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_injury_causes.injury_cause,
    dim_injury_causes.injury_cause_label,
    dim_injury_causes.injury_cause_sort_order
from {{ ref('dim_injury_causes') }} as dim_injury_causes
where
    {{ is_visible('dim_injury_causes', 'codes') }}
