{#- Made from src/mangnon/contract by `python -m mangnon.contract.page`: do not edit. -#}

{% macro submission_forms() %}
    {#- Each form of a submission: its kind, what agg_measures keeps apart of it, and what it adds up. -#}
    {% do return({
        "events": {"kind": "transaction", "attributes": ["event_type", "programme"], "measures": ["event_count", "attendances", "child_attendances", "caregiver_attendances", "official_attendances", "collaborator_attendances", "delegations"]},
        "beneficiaries": {"kind": "transaction", "attributes": ["occasion", "funding_instrument", "special_circumstance", "support_type", "is_subset"], "measures": ["attendances", "support_turns", "children", "amount_vnd"]},
        "incidents": {"kind": "transaction", "attributes": ["incident_class", "is_subset"], "measures": ["cases", "victims", "deaths", "handled_cases"]},
        "programme_sites": {"kind": "snapshot", "attributes": ["programme"], "measures": ["site_count", "member_count"]},
        "child_population": {"kind": "snapshot", "attributes": ["special_circumstance", "is_subset"], "measures": ["children", "children_supported"]},
    }) %}
{% endmacro %}

{% macro figure_filters() %}
    {#- What a figure may ask of the lines that it is made of. -#}
    {% do return([
        "event_type",
        "programme",
        "programme_kind",
        "occasion",
        "funding_kind",
        "special_circumstance",
        "incident_class",
    ]) %}
{% endmacro %}

{% macro figure_members() %}
    {#- What a figure may count the different ones of. -#}
    {% do return([
        "area",
        "programme",
        "funding_instrument",
        "support_type",
    ]) %}
{% endmacro %}

{% macro measure_attributes() %}
    {#- What agg_measures keeps apart, of the forms that have it. -#}
    {% do return([
        "event_type",
        "programme",
        "occasion",
        "funding_instrument",
        "special_circumstance",
        "incident_class",
        "support_type",
    ]) %}
{% endmacro %}

{% macro measure_kinds() %}
    {#- What the reference data say of an attribute of agg_measures: column, attribute and dimension. -#}
    {% do return([
        {"name": "programme_kind", "attribute": "programme", "dimension": "dim_programmes"},
        {"name": "funding_kind", "attribute": "funding_instrument", "dimension": "dim_funding_instruments"},
    ]) %}
{% endmacro %}
