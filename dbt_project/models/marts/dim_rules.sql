select
    rules.gate,
    {{ label('gate', 'rules.gate') }} as gate_label,
    rules.rule,
    rules.label as rule_label,
    rules.severity,
    {{ label('severity', 'rules.severity') }} as severity_label
from {{ source('ops', 'rules') }} as rules
