-- One row per delivery whose reading failed, until a person decides what becomes of it.
select
    failed.delivery_id as delivery,
    failed.file_name,
    failed.failure,
    failed.failed_at
from ops.failed_deliveries as failed
inner join ops.deliveries on failed.delivery_id = deliveries.delivery_id
where deliveries.period = %(period)s or %(period)s::date is null
order by failed.delivery_id desc
