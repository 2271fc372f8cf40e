-- The oldest backfill of the same scope that is not published.
select backfills.backfill_id
from ops.backfills
inner join ops.batches on backfills.batch_id = batches.batch_id
where
    batches.state <> 'published'
    and backfills.from_period = %(from_period)s
    and backfills.to_period = %(to_period)s
    and backfills.reporter_code is not distinct from %(reporter_code)s
    and backfills.form is not distinct from %(form)s
order by backfills.backfill_id
limit 1
