-- The verdicts of gate 2 on the release, with file and month if they are about one load; a warning about one load is shown
-- with the load.
select distinct
    verdicts.severity,
    verdicts.holds_release,
    verdicts.expectation,
    verdicts.detail,
    verdicts.message,
    deliveries.file_name,
    loads.period
from ops.verdicts
left join ops.loads on verdicts.load_id = loads.load_id
left join ops.deliveries on loads.delivery_id = deliveries.delivery_id
where
    verdicts.gate = 'release'
    and verdicts.release_id = %(release)s
    and not verdicts.is_met
    and verdicts.severity in ('critical', 'warning')
    and (verdicts.load_id is null or verdicts.severity = 'critical' or verdicts.holds_release)
order by verdicts.severity, verdicts.expectation, verdicts.detail
