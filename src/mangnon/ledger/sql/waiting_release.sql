-- The release that was decided last, if only warnings refused it and its batches still wait.
select last_decided_release.release_id
from ops.last_decided_release
where
    last_decided_release.refused_for = 'warnings'
    and not exists (
        select
        from ops.release_batches
        inner join ops.batches on release_batches.batch_id = batches.batch_id
        where release_batches.release_id = last_decided_release.release_id and batches.state <> 'closed'
    )
