select
    labels.code_column,
    labels.code,
    labels.label,
    labels.sort_order
from (
    values
    {% for column, members in code_labels().items() %}
    {% set last_column = loop.last %}
    {% for code, label in members.items() %}
    ('{{ column }}', '{{ code }}', '{{ label }}', {{ loop.index }}){{ ',' if not (last_column and loop.last) }}
    {% endfor %}
    {% endfor %}
) as labels (code_column, code, label, sort_order)
