-- Stale months of an open backfill are to be done once more.
update ops.backfill_periods
set finished_at = null
from ops.backfills
inner join ops.batches on backfills.batch_id = batches.batch_id
where
    backfill_periods.backfill_id = backfills.backfill_id
    and backfills.backfill_id = %(backfill)s
    and batches.state = 'open'
    and backfill_periods.period = any(%(stale)s)
