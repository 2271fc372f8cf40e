-- The releases whose computed tables pruning removes, and whether they were whole until now. Published are those that are
-- not kept; earlier versions removed only rows of loads. Of refused ones, those that no kept one of the newest is before.
select
    releases.release_id,
    releases.state = 'published' as is_published,
    releases.pruned_at is null as is_whole
from ops.releases
where
    (
        releases.state = 'published'
        and releases.copy_sha256 is null
        and releases.release_id not in (select kept.release_id from ops.kept_releases(%(keep)s) as kept (release_id))
    )
    or (
        releases.state = 'refused'
        and releases.pruned_at is null
        and releases.release_id < (
            select min(newest.release_id)
            from (
                select published.release_id
                from ops.releases as published
                where published.state = 'published'
                order by published.release_id desc
                limit %(keep)s
            ) as newest
        )
    )
order by releases.release_id
