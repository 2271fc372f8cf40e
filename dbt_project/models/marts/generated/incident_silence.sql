{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    computed_incident_silence.release_id,
    computed_incident_silence.reporter_code,
    computed_incident_silence.incident_class,
    {{ label('incident_class', 'computed_incident_silence.incident_class') }} as incident_class_label,
    computed_incident_silence.from_period,
    computed_incident_silence.to_period,
    computed_incident_silence.expected_months,
    computed_incident_silence.counted_months,
    computed_incident_silence.last_incident_period,
    computed_incident_silence.status,
    {{ label('status', 'computed_incident_silence.status') }} as status_label
from {{ ref('computed_incident_silence') }} as computed_incident_silence
where
    computed_incident_silence.release_id = (select ops.visible_release())
