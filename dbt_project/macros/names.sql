{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- The configured schema (staging, core or marts) without dbt's prefix. -#}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}

{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {#- marts.fct_events is the model marts_fct_events, since core has a model fct_events. -#}
    {{ custom_alias_name or node.name.removeprefix('marts_') }}
{%- endmacro %}

{% macro quoted(values) -%}
    '{{ values | join("', '") }}'
{%- endmacro %}

{% macro area_version(area_code, valid_from) -%}
    {#- The key of a version of an area, such as 193@2020-01-01. The day is formatted, because a cast to text depends on
        the session. -#}
    {{ area_code }} || '@' || to_char({{ valid_from }}, 'YYYY-MM-DD')
{%- endmacro %}

{% macro unknown_area_version() -%}
    {{ area_version("'unknown'", unknown_valid_from()) }}
{%- endmacro %}

{% macro unknown_valid_from() %}date '1900-01-01'{% endmacro %}

{% macro special_members() %}
    {#- Members that no list names → their label and place in lists. A line that does not say which member it is about
        speaks of all of them (total), or of none (not_applicable). What nobody knows is unknown. -#}
    {% do return({
        'total': {'label': 'Tổng số', 'sort_order': 999997},
        'not_applicable': {'label': 'Không áp dụng', 'sort_order': 999998},
        'unknown': {'label': 'Không rõ', 'sort_order': 999999},
    }) %}
{% endmacro %}

{% macro unknown_label() %}'{{ special_members().unknown.label }}'{% endmacro %}

{% macro unknown_sort_order() %}{{ special_members().unknown.sort_order }}::bigint{% endmacro %}
