select
    verdicts.severity,
    verdicts.gate,
    verdicts.expectation,
    coalesce(loads.reporter_code, '') as reporter,
    coalesce(to_char(loads.period, 'YYYY-MM'), '') as month,
    coalesce(deliveries.file_name, '') as file_name,
    verdicts.message
from ops.verdicts
left join ops.loads on verdicts.load_id = loads.load_id
left join ops.deliveries on loads.delivery_id = deliveries.delivery_id
where not verdicts.is_met and verdicts.judged_at >= now() - interval '7 days'
order by array_position(array['critical', 'warning', 'info'], verdicts.severity), verdicts.verdict_id desc
limit 30
