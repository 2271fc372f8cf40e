-- The batch of a backfill whose months are all done is closed.
update ops.batches
set state = 'closed', closed_at = clock_timestamp()
from ops.backfills
where
    batches.batch_id = backfills.batch_id
    and backfills.backfill_id = %(backfill)s
    and batches.state = 'open'
    and not exists (
        select
        from ops.backfill_periods
        where backfill_periods.backfill_id = %(backfill)s and backfill_periods.finished_at is null
    )
