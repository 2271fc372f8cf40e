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

{% macro surrogate_key(columns) -%}
    {#- A bigint hash of a natural key. A missing code gets the key of the unknown member. -#}
    hashtextextended(concat_ws('|'
    {%- for column in columns %}, coalesce(({{ column }})::text, 'unknown'){% endfor %}), 0)
{%- endmacro %}

{% macro area_key(area_code, valid_from) -%}
    {#- The key of a version of an area. The day is formatted, because a cast to text depends on the session. -#}
    {{ surrogate_key([area_code, "to_char(" ~ valid_from ~ ", 'YYYY-MM-DD')"]) }}
{%- endmacro %}

{% macro area_version(area_code, valid_from) -%}
    {#- The name of a version of an area: its code and first day. The day is formatted, because a cast to text depends on
        the session. -#}
    {{ area_code }} || '@' || to_char({{ valid_from }}, 'YYYY-MM-DD')
{%- endmacro %}

{% macro unknown_area_version() -%}
    {{ area_version("'unknown'", unknown_valid_from()) }}
{%- endmacro %}

{% macro unknown_area_key() -%}
    {{ area_key("'unknown'", unknown_valid_from()) }}
{%- endmacro %}

{% macro unknown_valid_from() %}date '1900-01-01'{% endmacro %}

{% macro unknown_label() %}'Không tách/không rõ'{% endmacro %}

{% macro unknown_sort_order() %}999999::bigint{% endmacro %}
