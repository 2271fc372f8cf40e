-- Release tables are made from these few rows per load, so their cost does not grow with the number of reported lines.
with
{% for kind, part in figure_kinds().items() %}
{{ part.dimension }} as (
    select * from {{ ref(part.dimension) }}
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
        {% for attribute in figure_attributes() %}
        {{ attribute if attribute in parts.attributes else 'null::text' }} as {{ attribute }},
        {% endfor %}
        {{ 'is_subset' if 'is_subset' in parts.attributes else 'false' }} as is_subset,
        -- A count of events is always exact: the qualifier is about the numbers of people.
        {{ "'eq'" if measure == 'event_count' else 'qualifier' }} as qualifier,
        {{ measure }} as value
    from {{ form }}
    -- Blank is not zero.
    where {{ measure }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

classified as (
    select
        {% for kind, part in figure_kinds().items() %}
        {{ part.dimension }}.{{ kind }},
        {% endfor %}
        measured.*
    from measured
    {% for kind, part in figure_kinds().items() %}
    left join {{ part.dimension }} on measured.{{ part.attribute }} = {{ part.dimension }}.{{ part.attribute }}
    {% endfor %}
)

select
    load_id,
    form,
    measure,
    area_code,
    {% for attribute in figure_attributes() + figure_kinds().keys() | list %}
    {{ attribute }},
    {% endfor %}
    is_subset,
    qualifier,
    sum(value) as value
from classified
group by
    load_id,
    form,
    measure,
    area_code,
    {% for attribute in figure_attributes() + figure_kinds().keys() | list %}
    {{ attribute }},
    {% endfor %}
    is_subset,
    qualifier
