-- One row per delivery of a list, or per file that could not be read; newest first, list by list.
select
    coalesce(loads.form, '?') as list,
    loads.revision,
    case
        when counting_reference_loads.load_id is not null then 'counts'
        when loads.state = 'loaded' then 'waits'
        when loads.state in ('refused', 'held') then loads.state
        else 'replaced'
    end as state,
    reference_deliveries.accepted_at as since,
    loads.rows_loaded as rows,
    coalesce(reference_deliveries.delivered_by, '(the inbox)') as delivered_by,
    coalesce(reference_deliveries.reason, deliveries.revision_reason, '') as reason,
    loads.loaded_at as delivered,
    deliveries.file_name as file,
    loads.load_id as load
from ops.loads
inner join ops.deliveries on loads.delivery_id = deliveries.delivery_id
left join ops.reference_deliveries on loads.load_id = reference_deliveries.load_id
left join ops.counting_reference_loads on loads.load_id = counting_reference_loads.load_id
where
    loads.reporter_code = '_reference'
    and (loads.form = %(list)s or %(list)s::text is null)
order by list, loads.revision desc, loads.load_id desc
