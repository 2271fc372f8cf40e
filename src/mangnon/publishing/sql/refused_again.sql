-- What a backfill read and refused, and whether what was read of it before still counts. A file that was refused as a
-- whole has no form; one whose month could not be read belongs to the month of its arrival.
with counting as (
    select
        loads.delivery_id,
        array_agg(loads.form) as forms
    from ops.open_loads
    inner join ops.loads on open_loads.load_id = loads.load_id
    group by loads.delivery_id
)

select
    deliveries.file_name,
    loads.form,
    coalesce(
        loads.period,
        deliveries.period,
        date_trunc('month', deliveries.received_at at time zone 'Asia/Ho_Chi_Minh')::date
    ) as month,
    loads.state_reason as why,
    counting.delivery_id is not null and (loads.form is null or loads.form = any(counting.forms)) as still_counts
from ops.backfills
inner join ops.loads on backfills.batch_id = loads.batch_id
inner join ops.deliveries on loads.delivery_id = deliveries.delivery_id
left join counting on loads.delivery_id = counting.delivery_id
where backfills.backfill_id = %(backfill)s and loads.state = 'refused'
order by month asc, deliveries.file_name asc, loads.form asc
