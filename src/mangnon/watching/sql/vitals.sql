with unread as (
    select
        count(*) as unread,
        min(received_at) as unread_since
    from ops.waiting_deliveries
),

misplaced as (
    select count(*) as misplaced
    from ops.misplaced_files
),

opened as (
    select
        batches.batch_id as open_batch,
        batches.kind as open_kind,
        batches.opened_at as open_since,
        max(loads.loaded_at) as last_load_at
    from ops.batches
    inner join ops.loads on batches.batch_id = loads.batch_id
    where batches.state = 'open'
    group by batches.batch_id
    order by batches.kind = 'night' desc, batches.batch_id asc
    limit 1
),

waiting as (
    select
        count(*) as waiting_batches,
        min(closed_at) as waiting_since
    from ops.batches
    where state = 'closed'
),

nights as (
    select max(greatest(opened_at, closed_at)) as collected_at
    from ops.batches
    where kind = 'night'
),

archive_check as (
    select
        checked_at,
        files,
        damaged,
        missing
    from ops.archive_checks
    order by check_id desc
    limit 1
),

candidate as (
    select
        release_id,
        created_at
    from ops.releases
    where state = 'candidate'
)

select
    nights.collected_at,
    unread.unread,
    unread.unread_since,
    misplaced.misplaced,
    opened.open_batch,
    opened.open_kind,
    opened.open_since,
    opened.last_load_at,
    waiting.waiting_batches,
    waiting.waiting_since,
    candidate.release_id as candidate,
    candidate.created_at as candidate_since,
    refused.release_id as refused,
    refused.refused_for,
    refused.state_reason as refused_reason,
    %(approval)s::integer as approval,
    published_release.release_id as release,
    published_release.published_at,
    (
        select min(deployed_views.deployed_at)
        from ops.deployed_views
    ) as deployed_at,
    archive_check.checked_at as archive_checked_at,
    archive_check.files as archive_files,
    archive_check.damaged as archive_damaged,
    archive_check.missing as archive_missing,
    exists(
        select
        from pg_locks
        where
            pg_locks.locktype = 'advisory'
            and (pg_locks.classid, pg_locks.objid, pg_locks.objsubid) = (0, %(lock)s, 1)
            and pg_locks.database = (
                select pg_database.oid
                from pg_database
                where pg_database.datname = current_database()
            )
    ) as is_publishing
from unread
cross join misplaced
cross join waiting
cross join nights
left join opened on true
left join archive_check on true
left join candidate on true
left join ops.last_decided_release as refused on refused.state = 'refused'
left join ops.published_release on true
