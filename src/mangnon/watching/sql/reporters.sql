-- One row per reporter: what came, and what became of its loads.
select
    coalesce(deliveries.reporter_code, '?') as reporter,
    count(distinct deliveries.delivery_id) as delivered,
    count(distinct deliveries.delivery_id) filter (where loads.load_id is null) as waiting,
    count(*) filter (where loads.state in ('loaded', 'modelled')) as loaded,
    count(*) filter (where loads.state in ('accepted', 'same')) as accepted,
    count(*) filter (where loads.state = 'refused') as refused,
    count(*) filter (where loads.state = 'held') as held,
    max(deliveries.received_at) as last_received
from ops.deliveries
left join ops.loads on deliveries.delivery_id = loads.delivery_id
where deliveries.period = %(period)s or %(period)s::date is null
group by deliveries.reporter_code
order by reporter
