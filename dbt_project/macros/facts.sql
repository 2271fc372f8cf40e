{% macro join_areas(lines) -%}
    {#- Joins `areas` to lines: the version of each line's area that was valid on its date_id. -#}
    left join {{ ref('dim_areas') }} as areas
        on
            {{ lines }}.area_code = areas.area_code
            and {{ lines }}.date_id >= areas.valid_from
            and ({{ lines }}.date_id < areas.valid_until or areas.valid_until is null)
            and areas.load_id = any({{ reference_loads_asked() }})
{%- endmacro %}
