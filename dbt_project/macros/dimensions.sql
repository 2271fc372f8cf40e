{% macro with_members(listed, form, columns, others) -%}
    {#- The members that a list names, and for each load of its form the members that no list names. `others` has the
        values of each of these; all other columns of them are empty. -#}
    select
        load_id,
        {% for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ listed }}
    {% for other in others %}
    union all
    select
        load_id,
        {% for column in columns %}
        {{ other.get(column, 'null') }} as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('stg_loads') }}
    where form = '{{ form }}' and {{ in_batches() }}
    {% endfor %}
{%- endmacro %}

{% macro code_dimension(list_name, code, kind=none, columns=[]) %}
    {#- The dimension of one code list. -#}
    {% set others = [] %}
    {% for member, described in special_members().items() %}
        {% do others.append({
            'code': "'" ~ member ~ "'",
            'label': "'" ~ described.label ~ "'",
            'sort_order': described.sort_order ~ '::bigint',
        }) %}
    {% endfor %}
    with codes as (
        select * from {{ ref('stg_codes') }}
        where list_name = '{{ list_name }}' and {{ in_batches() }}
    ),

    members as (
        {{ with_members(
            'codes', form='codes', columns=['code', 'label', 'kind'] + columns + ['sort_order'], others=others
        ) | indent(8) }}
    )

    select
        load_id,
        code as {{ code }},
        label as {{ code }}_label,
        {% if kind %}kind as {{ kind }},{% endif %}
        {% for column in columns %}{{ column }},{% endfor %}
        sort_order as {{ code }}_sort_order
    from members
{% endmacro %}

{% macro lies_in(parts, wholes) -%}
    {#- Whether an area lies in another one of the same list, on the day on which it began. -#}
    {{ parts }}.load_id = {{ wholes }}.load_id
    and {{ parts }}.parent_code = {{ wholes }}.area_code
    and {{ parts }}.valid_from >= {{ wholes }}.valid_from
    and ({{ parts }}.valid_from < {{ wholes }}.valid_until or {{ wholes }}.valid_until is null)
{%- endmacro %}
