-- Release tables are made from these rows, so they cost what was reported in few lines, however long the facts are.
{%- set forms = {
    'events': {
        'attributes': ['event_type', 'programme'],
        'measures': [
            'event_count', 'attendances', 'child_attendances', 'caregiver_attendances', 'official_attendances',
            'collaborator_attendances', 'delegations',
        ],
    },
    'beneficiaries': {
        'attributes': ['occasion', 'support_type', 'funding_instrument', 'special_circumstance', 'is_subset'],
        'measures': ['attendances', 'support_turns', 'children', 'amount_vnd'],
    },
    'incidents': {
        'attributes': ['incident_class', 'is_subset'],
        'measures': ['cases', 'victims', 'deaths', 'handled_cases'],
    },
    'programme_sites': {
        'attributes': ['programme'],
        'measures': ['site_count', 'member_count'],
    },
    'child_population': {
        'attributes': ['special_circumstance', 'is_subset'],
        'measures': ['children', 'children_supported'],
    },
} %}
{%- set attributes = [
    'event_type', 'programme', 'occasion', 'support_type', 'funding_instrument', 'special_circumstance',
    'incident_class',
] %}

with programmes as (
    select * from {{ ref('dim_programmes') }}
    where {{ in_reference_loads() }}
),

funding_instruments as (
    select * from {{ ref('dim_funding_instruments') }}
    where {{ in_reference_loads() }}
),

{% for form, parts in forms.items() %}
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
    group by load_id, area_code, {{ parts.attributes | join(', ') }}, qualifier
),
{% endfor %}

measured as (
    {% for form, parts in forms.items() %}
    {% for measure in parts.measures %}
    select
        load_id,
        '{{ form }}' as form,
        '{{ measure }}' as measure,
        area_code,
        {% for attribute in attributes %}
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
    measured.event_type,
    measured.programme,
    programmes.programme_kind,
    measured.occasion,
    measured.support_type,
    measured.funding_instrument,
    funding_instruments.funding_kind,
    measured.special_circumstance,
    measured.incident_class,
    measured.is_subset,
    measured.qualifier,
    sum(measured.value) as value
from measured
left join programmes on measured.programme = programmes.programme
left join funding_instruments on measured.funding_instrument = funding_instruments.funding_instrument
group by
    measured.load_id,
    measured.form,
    measured.measure,
    measured.area_code,
    measured.event_type,
    measured.programme,
    programmes.programme_kind,
    measured.occasion,
    measured.support_type,
    measured.funding_instrument,
    funding_instruments.funding_kind,
    measured.special_circumstance,
    measured.incident_class,
    measured.is_subset,
    measured.qualifier
