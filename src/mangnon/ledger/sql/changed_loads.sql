-- The reporters, forms and periods for which two releases count different loads.
with covers as (
    select
        loads.load_id,
        loads.revision,
        deliveries.file_name,
        deliveries.revision_reason
    from ops.loads
    inner join ops.deliveries on loads.delivery_id = deliveries.delivery_id
)

select
    coalesce(new_loads.reporter_code, old_loads.reporter_code) as reporter_code,
    coalesce(new_loads.form, old_loads.form) as form,
    coalesce(new_loads.period, old_loads.period) as period,
    old_loads.load_id as old_load,
    new_loads.load_id as new_load,
    old_covers.file_name as old_file,
    new_covers.file_name as new_file,
    old_covers.revision as old_revision,
    new_covers.revision as new_revision,
    new_covers.revision_reason as reason
from ops.loads_in_release(%(old)s) as old_loads
full join ops.loads_in_release(%(new)s) as new_loads
    on
        old_loads.reporter_code = new_loads.reporter_code
        and old_loads.form = new_loads.form
        and old_loads.period = new_loads.period
left join covers as old_covers on old_loads.load_id = old_covers.load_id
left join covers as new_covers on new_loads.load_id = new_covers.load_id
where old_loads.load_id is distinct from new_loads.load_id
order by reporter_code, period, form
