{% macro selects_lines(figures, measures) -%}
    {#- Condition: the figure counts the lines that were added up in the row of agg_measures. -#}
    {{ figures }}.form = {{ measures }}.form
    and {{ figures }}.is_subset = {{ measures }}.is_subset
    {%- for filter in figure_filters() %}
    and ({{ figures }}.{{ filter }} = {{ measures }}.{{ filter }} or {{ figures }}.{{ filter }} is null)
    {%- endfor %}
{%- endmacro %}

{% macro loads_with_next_snapshot(ledger, reporters) -%}
    {#- The submissions of the ledger. Snapshots are not added over months: only a reporter's last month of a cut counts.
        So a snapshot counts in the cuts that end before the reporter's next snapshot, or before the month in which there
        is no such reporter any more: then its successor counts the same children. Any other load counts in every cut. -#}
    select
        {{ ledger }}.load_id,
        {{ ledger }}.period,
        loads.is_synthetic,
        case
            when {{ ledger }}.form in ({{ quoted(snapshot_forms()) }})
                then coalesce(
                    lead({{ ledger }}.period) over (
                        partition by {{ ledger }}.reporter_code, {{ ledger }}.form
                        order by {{ ledger }}.period
                    ),
                    (date_trunc('month', {{ reporters }}.valid_until - 1) + interval '1 month')::date
                )
        end as next_snapshot
    from {{ ledger }}
    inner join {{ ref('stg_loads') }} as loads on {{ ledger }}.load_id = loads.load_id
    left join {{ reporters }} on {{ ledger }}.reporter_code = {{ reporters }}.reporter_code
    where {{ ledger }}.reporter_code <> '_reference'
{%- endmacro %}
