-- A pruned release is whole again when its tables and all its loads are there.
update ops.releases
set pruned_at = null
where
    releases.state = 'published'
    and releases.pruned_at is not null
    and releases.copy_sha256 is null
    and not exists (
        select
        from ops.loads_in_release(releases.release_id) as counting
        inner join ops.loads on counting.load_id = loads.load_id
        where loads.pruned_at is not null
    )
