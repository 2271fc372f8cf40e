-- The loads that no kept release shows, each with its rows. A load that came with one of the newest releases, or later,
-- stays: who was refused last night still asks why.
with newest as (
    select
        release_id,
        created_at
    from ops.releases
    where state = 'published'
    order by release_id desc
    limit %(keep)s
),

oldest_arrival as (
    select min(coalesce(batches.opened_at, newest.created_at)) as arrived_at
    from newest
    left join ops.release_batches on newest.release_id = release_batches.release_id
    left join ops.batches on release_batches.batch_id = batches.batch_id
)

select
    loads.load_id,
    loads.rows_loaded + loads.rows_refused as row_count
from ops.loads
where
    loads.pruned_at is null
    and loads.loaded_at < (
        select oldest_arrival.arrived_at
        from oldest_arrival
    )
    and loads.state in ('accepted', 'same', 'refused')
    and loads.reporter_code is distinct from '_reference'
    and not exists (
        select
        from ops.kept_releases(%(keep)s) as kept (release_id)
        cross join lateral ops.loads_in_release(kept.release_id) as counting
        where counting.load_id = loads.load_id
    )
order by loads.load_id
