{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    computed_quality_by_rule.release_id,
    computed_quality_by_rule.month,
    computed_quality_by_rule.gate,
    {{ label('gate', 'computed_quality_by_rule.gate') }} as gate_label,
    computed_quality_by_rule.rule,
    coalesce(rules.label, computed_quality_by_rule.rule) as rule_label,
    computed_quality_by_rule.severity,
    {{ label('severity', 'computed_quality_by_rule.severity') }} as severity_label,
    computed_quality_by_rule.form,
    {{ label('form', 'computed_quality_by_rule.form') }} as form_label,
    computed_quality_by_rule.judged,
    computed_quality_by_rule.failed,
    computed_quality_by_rule.failed_reporters
from {{ ref('computed_quality_by_rule') }} as computed_quality_by_rule
left join {{ source('ops', 'rules') }} as rules
    on computed_quality_by_rule.gate = rules.gate and computed_quality_by_rule.rule = rules.rule
where
    computed_quality_by_rule.release_id = (select ops.visible_release())
