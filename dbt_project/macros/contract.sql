{#- Made from the forms by `python -m mangnon.contract.page`: do not edit. -#}

{% macro submission_forms() %}
    {#- Form → the columns that figures filter and count its lines by, and its measures. -#}
    {% do return({
        'events': {'attributes': ['event_type', 'programme'], 'measures': ['event_count', 'attendances', 'child_attendances', 'caregiver_attendances', 'official_attendances', 'collaborator_attendances', 'delegations']},
        'beneficiaries': {'attributes': ['occasion', 'funding_instrument', 'special_circumstance', 'support_type', 'is_subset'], 'measures': ['attendances', 'support_turns', 'children', 'amount_vnd']},
        'incidents': {'attributes': ['incident_class', 'is_subset'], 'measures': ['cases', 'victims', 'deaths', 'handled_cases']},
        'programme_sites': {'attributes': ['programme'], 'measures': ['site_count', 'member_count']},
        'child_population': {'attributes': ['special_circumstance', 'is_subset'], 'measures': ['children', 'children_supported']},
    }) %}
{% endmacro %}

{% macro snapshot_forms() %}
    {#- Forms that are snapshots: only the last month of a cut counts. -#}
    {% do return(['programme_sites', 'child_population']) %}
{% endmacro %}

{% macro figure_filters() %}
    {#- Columns of the form `figures` that filter lines; an empty one matches every line. -#}
    {% do return(['event_type', 'programme', 'programme_kind', 'occasion', 'funding_kind', 'special_circumstance', 'incident_class']) %}
{% endmacro %}

{% macro figure_members() %}
    {#- Columns of lines whose distinct members figures can count. -#}
    {% do return(['area', 'programme', 'funding_instrument', 'support_type']) %}
{% endmacro %}

{% macro figure_attributes() %}
    {#- Columns of lines that figures filter by or count the members of. -#}
    {% do return(['event_type', 'programme', 'occasion', 'funding_instrument', 'special_circumstance', 'incident_class', 'support_type']) %}
{% endmacro %}

{% macro figure_kinds() %}
    {#- Filters by a kind of code → the column of lines, and the dimension with the kind. -#}
    {% do return({
        'programme_kind': {'attribute': 'programme', 'dimension': 'dim_programmes'},
        'funding_kind': {'attribute': 'funding_instrument', 'dimension': 'dim_funding_instruments'},
    }) %}
{% endmacro %}

{% macro incident_classes() %}
    {#- Classes of incidents; a reporter can be silent about each. -#}
    {% do return(['abuse', 'injury']) %}
{% endmacro %}
