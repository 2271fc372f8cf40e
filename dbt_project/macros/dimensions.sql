{% macro with_unknown_member(members, form, columns, unknown) -%}
    {#- The members of a dimension, and an unknown member for each load of its form, for facts that name no member.
        `unknown` has the values of the unknown member; all other columns of it are empty. -#}
    select
        load_id,
        {% for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ members }}
    union all
    select
        load_id,
        {% for column in columns %}
        {{ unknown.get(column, 'null') }} as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('stg_loads') }}
    where form = '{{ form }}' and {{ in_batches() }}
{%- endmacro %}

{% macro code_dimension(list_name, code, kind=none, columns=[]) %}
    {#- The dimension of one code list. -#}
    with codes as (
        select * from {{ ref('stg_codes') }}
        where list_name = '{{ list_name }}' and {{ in_batches() }}
    ),

    members as (
        {{ with_unknown_member(
            'codes',
            form='codes',
            columns=['code', 'label', 'kind'] + columns + ['sort_order'],
            unknown={'code': "'unknown'", 'label': unknown_label(), 'sort_order': unknown_sort_order()},
        ) | indent(8) }}
    )

    select
        load_id,
        {{ surrogate_key(['code']) }} as {{ code }}_key,
        code as {{ code }},
        label,
        {% if kind %}kind as {{ kind }},{% endif %}
        {% for column in columns %}{{ column }},{% endfor %}
        sort_order
    from members
{% endmacro %}
