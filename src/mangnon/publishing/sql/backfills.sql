-- Every backfill, newest first, with how far it came and the release that came of it.
select
    backfills.backfill_id,
    backfills.from_period,
    backfills.to_period,
    backfills.reporter_code,
    backfills.form,
    backfills.requested_by,
    backfills.reason,
    backfills.requested_at,
    batches.state,
    (
        select count(*)
        from ops.backfill_periods
        where backfill_periods.backfill_id = backfills.backfill_id
    ) as months,
    (
        select count(backfill_periods.finished_at)
        from ops.backfill_periods
        where backfill_periods.backfill_id = backfills.backfill_id
    ) as finished_months,
    (
        select count(*)
        from ops.loads
        where loads.batch_id = backfills.batch_id
    ) as loads,
    (
        select max(releases.release_id)
        from ops.release_batches
        inner join ops.releases on release_batches.release_id = releases.release_id
        where release_batches.batch_id = backfills.batch_id and releases.state = 'published'
    ) as release_id
from ops.backfills
inner join ops.batches on backfills.batch_id = batches.batch_id
order by backfills.backfill_id desc
