-- The batches of a release, or the one that changed nothing.
select
    batches.batch_id,
    batches.kind,
    batches.state,
    coalesce(batches.closed_at, batches.opened_at) as happened_at
from ops.batches
where
    batches.batch_id = %(batch)s
    or batches.batch_id in (
        select release_batches.batch_id
        from ops.release_batches
        where release_batches.release_id = %(release)s
    )
order by batches.batch_id
