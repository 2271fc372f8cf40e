-- Findings of these loads: the gravest first, then in the order of the file.
select
    form,
    rule,
    severity,
    sheet,
    row,
    field,
    cell,
    value,
    message,
    wording_id,
    wording_values,
    is_of_contract
from ops.findings
where load_id = any(%(loads)s)
order by
    array_position(array['critical', 'warning', 'info'], severity),
    array_position(%(forms)s::text[], form) nulls first,
    row nulls last,
    length(cell),
    cell,
    field,
    rule,
    value,
    wording_id,
    wording_values::text
limit %(most)s
