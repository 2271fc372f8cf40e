-- The newest night: a release that was published or tried, with its batches, or a batch that changed nothing.
with newest_batch as (
    select
        batch_id,
        coalesce(closed_at, opened_at) as happened_at
    from ops.batches
    where
        state <> 'open'
        and kind <> 'reference'
        and batch_id not in (
            select release_batches.batch_id
            from ops.release_batches
        )
    order by happened_at desc
    limit 1
),

newest_release as (
    select
        release_id,
        created_at as happened_at
    from ops.releases
    order by release_id desc
    limit 1
)

select
    release_id,
    null as batch_id,
    happened_at
from newest_release
union all
select
    null as release_id,
    batch_id,
    happened_at
from newest_batch
order by happened_at desc
limit 1
