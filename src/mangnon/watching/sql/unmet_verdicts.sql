-- The unmet verdicts on the last decided release and on the loads in its batches.
select
    verdicts.gate,
    verdicts.severity,
    count(*) as verdicts
from ops.last_decided_release
inner join ops.verdicts on last_decided_release.release_id = verdicts.release_id
where not verdicts.is_met
group by verdicts.gate, verdicts.severity
union all
select
    verdicts.gate,
    verdicts.severity,
    count(*) as verdicts
from ops.last_decided_release
inner join ops.release_batches on last_decided_release.release_id = release_batches.release_id
inner join ops.loads on release_batches.batch_id = loads.batch_id
inner join ops.verdicts on loads.load_id = verdicts.load_id
where verdicts.gate = 'loads' and not verdicts.is_met
group by verdicts.gate, verdicts.severity
