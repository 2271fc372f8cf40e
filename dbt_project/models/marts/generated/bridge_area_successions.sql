{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    bridge_successions.from_area_version,
    bridge_successions.to_area_version,
    bridge_successions.effective_on,
    bridge_successions.method,
    {{ label('method', 'bridge_successions.method') }} as method_label,
    bridge_successions.weight,
    bridge_successions.legal_act,
    bridge_successions.list_source
from {{ ref('bridge_successions') }} as bridge_successions
where
    {{ is_visible('bridge_successions', 'successions') }}
