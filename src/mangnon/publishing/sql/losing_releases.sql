-- The published releases that are not whole without these loads.
select distinct releases.release_id
from ops.releases
cross join lateral ops.loads_in_release(releases.release_id) as counting
where
    counting.load_id = any(%(loads)s)
    and releases.state = 'published'
    and releases.pruned_at is null
order by releases.release_id
