{% macro code_dimension(list_name, code, kind=none, columns=[]) %}
    {#- A dimension of one code list, with an unknown member for each load of the codes. -#}
    with codes as (
        select * from {{ ref('stg_codes') }}
        where list_name = '{{ list_name }}' and {{ in_batches() }}
    ),

    loads as (
        select * from {{ ref('stg_loads') }}
        where form = 'codes' and {{ in_batches() }}
    ),

    members as (
        select
            load_id,
            code,
            label,
            kind,
            {% for column in columns %}{{ column }},{% endfor %}
            sort_order
        from codes
        union all
        select
            load_id,
            'unknown' as code,
            {{ unknown_label() }} as label,
            null as kind,
            {% for column in columns %}null as {{ column }},{% endfor %}
            {{ unknown_sort_order() }} as sort_order
        from loads
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
