{% macro join_areas(lines) -%}
    {#- Joins to lines, as `areas`, the version of their area that was valid on their date_id. -#}
    left join {{ ref('dim_areas') }} as areas
        on
            {{ lines }}.area_code = areas.area_code
            and {{ lines }}.date_id >= areas.valid_from
            and ({{ lines }}.date_id < areas.valid_until or areas.valid_until is null)
            and areas.load_id = any({{ reference_loads_asked() }})
{%- endmacro %}
