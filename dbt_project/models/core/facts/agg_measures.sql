-- Release tables are made from these rows, so they cost what was reported in few lines, however long the facts are.
with
{% for kind in measure_kinds() %}
{{ kind.dimension }} as (
    select * from {{ ref(kind.dimension) }}
    where {{ in_reference_loads() }}
),
{% endfor %}

{% for form, parts in submission_forms().items() %}
{{ form }} as (
    select
        load_id,
        area_code,
        {% for attribute in parts.attributes %}
        {{ attribute }},
        {% endfor %}
        {% for measure in parts.measures %}
        sum({{ measure }}) as {{ measure }},
        {% endfor %}
        qualifier
    from {{ ref('stg_' ~ form) }}
    where {{ in_batches() }}
    group by {{ (['load_id', 'area_code'] + parts.attributes + ['qualifier']) | join(', ') }}
),
{% endfor %}

measured as (
    {% for form, parts in submission_forms().items() %}
    {% for measure in parts.measures %}
    select
        load_id,
        '{{ form }}' as form,
        '{{ measure }}' as measure,
        area_code,
        {% for attribute in measure_attributes() %}
        {{ attribute if attribute in parts.attributes else 'null::text' }} as {{ attribute }},
        {% endfor %}
        {{ 'is_subset' if 'is_subset' in parts.attributes else 'false' }} as is_subset,
        -- A count of events is always exact: the qualifier speaks of the people.
        {{ "'eq'" if measure == 'event_count' else 'qualifier' }} as qualifier,
        {{ measure }} as value
    from {{ form }}
    -- Blank is not zero.
    where {{ measure }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    measured.load_id,
    measured.form,
    measured.measure,
    measured.area_code,
    {% for attribute in measure_attributes() %}
    measured.{{ attribute }},
    {% endfor %}
    {% for kind in measure_kinds() %}
    {{ kind.dimension }}.{{ kind.name }},
    {% endfor %}
    measured.is_subset,
    measured.qualifier,
    sum(measured.value) as value
from measured
{% for kind in measure_kinds() %}
left join {{ kind.dimension }} on measured.{{ kind.attribute }} = {{ kind.dimension }}.{{ kind.attribute }}
{% endfor %}
group by
    measured.load_id,
    measured.form,
    measured.measure,
    measured.area_code,
    {% for attribute in measure_attributes() %}
    measured.{{ attribute }},
    {% endfor %}
    {% for kind in measure_kinds() %}
    {{ kind.dimension }}.{{ kind.name }},
    {% endfor %}
    measured.is_subset,
    measured.qualifier
