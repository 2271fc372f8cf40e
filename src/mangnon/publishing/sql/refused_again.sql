-- What a backfill read and refused, and whether what was read of it before still counts. A file that was refused as a
-- whole has no form.
select
    deliveries.file_name,
    loads.form,
    coalesce(loads.period, deliveries.period) as period,
    loads.state_reason as why,
    exists (
        select
        from ops.open_loads
        inner join ops.loads as counting on open_loads.load_id = counting.load_id
        where
            counting.delivery_id = loads.delivery_id
            and (counting.form = loads.form or loads.form is null)
    ) as still_counts
from ops.backfills
inner join ops.loads on backfills.batch_id = loads.batch_id
inner join ops.deliveries on loads.delivery_id = deliveries.delivery_id
where backfills.backfill_id = %(backfill)s and loads.state = 'refused'
order by period asc, deliveries.file_name asc, loads.form asc
