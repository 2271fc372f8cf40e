-- A unit that reports no incident for a year raises a question. So does a unit that reports nothing, but another one.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }} and reporter_code <> '_reference'
),

span as (
    select
        (max(period) - make_interval(months => {{ var('silence_months') }} - 1))::date as from_period,
        max(period) as to_period
    from ledger
),

-- Only reporters that are expected to report incidents can be silent about them; provincial bodies are not.
reporters as (
    select
        rates.reporter_code,
        span.from_period,
        span.to_period,
        count(*)::integer as expected_months,
        count(*) filter (where rates.is_counted)::integer as counted_months
    from {{ ref('computed_reporting_rates') }} as rates
    inner join span on rates.period between span.from_period and span.to_period
    where rates.release_id = {{ candidate_asked() }} and rates.form = 'incidents' and rates.is_expected
    group by rates.reporter_code, span.from_period, span.to_period
    having max(rates.period) = span.to_period
),

incidents as (
    select
        ledger.reporter_code,
        measures.incident_class,
        max(ledger.period) as last_period
    from {{ ref('agg_measures') }} as measures
    inner join ledger on measures.load_id = ledger.load_id
    where measures.form = 'incidents' and measures.measure in ('cases', 'victims', 'deaths') and measures.value > 0
    group by ledger.reporter_code, measures.incident_class
),

classes as (
    {% for incident_class in incident_classes() %}
    select '{{ incident_class }}' as incident_class
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    {{ candidate_asked() }}::integer as release_id,
    reporters.reporter_code,
    classes.incident_class,
    reporters.from_period,
    reporters.to_period,
    reporters.expected_months,
    reporters.counted_months,
    incidents.last_period as last_incident_period,
    case
        when incidents.last_period >= reporters.from_period then 'reported'
        when reporters.counted_months = {{ var('silence_months') }} then 'silent'
        else 'unknown'
    end as status
from reporters
cross join classes
left join incidents
    on reporters.reporter_code = incidents.reporter_code and classes.incident_class = incidents.incident_class
