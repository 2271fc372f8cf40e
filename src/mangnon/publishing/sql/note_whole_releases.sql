-- A pruned release is whole again when all its loads are.
update ops.releases
set pruned_at = null
where
    releases.pruned_at is not null
    and not exists (
        select
        from ops.loads_in_release(releases.release_id) as counting
        inner join ops.loads on counting.load_id = loads.load_id
        where loads.pruned_at is not null
    )
