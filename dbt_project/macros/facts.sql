{% macro join_areas(lines) -%}
    {#- Joins `areas` to lines: the version of each line's area that was valid on its date_id. -#}
    left join {{ ref('dim_areas') }} as areas
        on
            {{ lines }}.area_code = areas.area_code
            and {{ lines }}.date_id >= areas.valid_from
            and ({{ lines }}.date_id < areas.valid_until or areas.valid_until is null)
            and areas.load_id = any({{ reference_loads_asked() }})
{%- endmacro %}

{% macro member(form, field) -%}
    {#- The member of the field's dimension that a line speaks of, also if it names none. -#}
    {%- set declared = empty_members()[form].get(field) -%}
    {%- if declared is none -%}
        {{ form }}.{{ field }}
    {%- else -%}
        coalesce({{ form }}.{{ field }},
        {%- for other, value in declared.only_for.items() %}
            case when {{ form }}.{{ other }} = '{{ value }}' then '{{ declared.empty }}' else 'not_applicable' end
        {%- else %} '{{ declared.empty }}'
        {%- endfor %})
    {%- endif -%}
{%- endmacro %}

{% macro in_total(form, measure) -%}
    {#- The measure of a line, if sums count it. A line "trong đó" is part of its whole: the other lines of the same area
        that agree in what the form says of wholes. If none of these gives the measure, the parts are all that is known
        of it; of parts by sex and by age only one division counts. -#}
    {%- set whole %}{{ form }}.load_id, {{ form }}.area_code{% for field in wholes()[form] %}, {{ form }}.{{ field }}{% endfor %}{% endset -%}
    {%- set division -%}
        case
            when {{ form }}.sex is null and {{ form }}.age_band is null then 1
            when {{ form }}.age_band is null then 2
            when {{ form }}.sex is not null then 3
            else 4
        end
    {%- endset -%}
    case
        when not {{ form }}.is_subset then {{ form }}.{{ measure }}
        when bool_or(not {{ form }}.is_subset and {{ form }}.{{ measure }} is not null) over (partition by {{ whole }}) then null
        when
            {{ division }} = min({{ division }}) filter (
                where {{ form }}.is_subset and {{ form }}.{{ measure }} is not null
            ) over (partition by {{ whole }})
            then {{ form }}.{{ measure }}
    end
{%- endmacro %}

{% macro in_totals(form) -%}
    {%- for measure in submission_forms()[form].measures -%}
        fct_{{ form }}.total_{{ measure }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro part_of_total(form, measure) -%}
    case when fct_{{ form }}.total_{{ measure }} is null then fct_{{ form }}.{{ measure }} end
{%- endmacro %}

{% macro has_parts(form) -%}
    num_nonnulls({% for measure in submission_forms()[form].measures %}{{ part_of_total(form, measure) }}{{ ', ' if not loop.last }}{% endfor %}) > 0
{%- endmacro %}

{% macro breakdown(form) -%}
    {#- What a line "trong đó" is divided by, in Vietnamese: the titles of the fields that name a member. -#}
    concat_ws(', '
    {%- for field, title in divisions()[form].items() %}, case when fct_{{ form }}.{{ field }} not in ('total', 'not_applicable') then '{{ title }}' end
    {%- endfor %})
{%- endmacro %}

{% macro of_groups(measure, groups) -%}
    {#- A measure of children, of some groups only: sums over all groups count children twice. -#}
    case
        when fct_child_population.special_circumstance {{ groups }} then fct_child_population.{{ measure }}
    end
{%- endmacro %}
