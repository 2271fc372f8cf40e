-- What loads contribute to figures. It is summed before the join with the cuts, so each month has a row per figure and
-- member instead of a row per load.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

figures as (
    select dim_figures.*
    from {{ ref('dim_figures') }} as dim_figures
    inner join ledger on dim_figures.load_id = ledger.load_id
    where dim_figures.aggregation <> 'change'
),

-- Snapshots are not added over months: only a reporter's last month of a cut counts. So a snapshot counts in the cuts
-- that end before the reporter's next snapshot; any other load counts in every cut.
loads as (
    select
        ledger.load_id,
        ledger.period,
        stg_loads.is_synthetic,
        case
            when ledger.form in ({{ quoted(snapshot_forms()) }})
                then lead(ledger.period) over (partition by ledger.reporter_code, ledger.form order by ledger.period)
        end as next_snapshot
    from ledger
    inner join {{ ref('stg_loads') }} as stg_loads on ledger.load_id = stg_loads.load_id
    where ledger.reporter_code <> '_reference'
)

select
    figures.figure,
    loads.period,
    loads.next_snapshot,
    measures.measure = figures.measure as is_of_measure,
    measures.qualifier,
    case figures.distinct_of
        {% for member in figure_members() %}
        when '{{ member }}' then measures.{{ 'area_code' if member == 'area' else member }}
        {% endfor %}
    end as member,
    bool_or(loads.is_synthetic) as is_synthetic,
    sum(measures.value) as value
from figures
inner join {{ ref('agg_measures') }} as measures
    on
        figures.form = measures.form
        and figures.is_subset = measures.is_subset
        and measures.measure in (figures.measure, figures.denominator)
        {% for filter in figure_filters() %}
        and (figures.{{ filter }} = measures.{{ filter }} or figures.{{ filter }} is null)
        {% endfor %}
inner join loads on measures.load_id = loads.load_id
group by
    figures.figure, loads.period, loads.next_snapshot, figures.measure, measures.measure, measures.qualifier, member
