-- The time from the end of collecting until readers saw the release, gate 2 refused it, or nothing had changed.
with night as (
    select
        batch_id,
        opened_at,
        published_at
    from ops.batches
    where kind = 'night' and state <> 'open'
    order by batch_id desc
    limit 1
),

first_decided as (
    select min(decided_releases.release_id) as release_id
    from night
    inner join ops.release_batches on night.batch_id = release_batches.batch_id
    inner join ops.decided_releases on release_batches.release_id = decided_releases.release_id
),

ended as (
    select
        coalesce(
            releases.published_at,
            (
                select max(verdicts.judged_at)
                from ops.verdicts
                where verdicts.release_id = releases.release_id
            )
        ) as ended_at
    from first_decided
    inner join ops.releases on first_decided.release_id = releases.release_id
)

select extract(epoch from coalesce(ended.ended_at, night.published_at) - night.opened_at) as seconds
from night
left join ended on true
