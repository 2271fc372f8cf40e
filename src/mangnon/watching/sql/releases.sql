select
    releases.release_id,
    releases.state,
    coalesce(releases.published_at, releases.created_at) as at,
    case
        when releases.release_id = %(waiting)s
            then
                'waits for an approval (mangnon release approve ' || releases.release_id || '): '
                || releases.state_reason
        when cardinality(release_approvals.warnings) > 0
            then 'despite warnings, approved by ' || release_approvals.approved_by || ': ' || release_approvals.reason
        else coalesce(releases.state_reason, '')
    end as why
from ops.releases
left join ops.release_approvals on releases.release_id = release_approvals.release_id
order by releases.release_id desc
limit 5
