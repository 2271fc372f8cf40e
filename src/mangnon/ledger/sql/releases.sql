-- Releases, newest first, each with how many loads count in it; only one when it is asked for.
select
    releases.release_id,
    releases.state,
    releases.state_reason,
    releases.refused_for,
    releases.fingerprint,
    releases.created_at,
    releases.published_at,
    releases.pruned_at,
    releases.restores,
    releases.requested_by,
    releases.request_reason,
    release_approvals.approved_by,
    release_approvals.reason as approval_reason,
    release_approvals.warnings,
    (select count(*) from ops.loads_in_release(releases.release_id)) as loads,
    published_release.release_id is not null as is_visible
from ops.releases
left join ops.release_approvals on releases.release_id = release_approvals.release_id
left join ops.published_release on releases.release_id = published_release.release_id
where releases.release_id = %(release)s or %(release)s::integer is null
order by releases.release_id desc
