select
    about_release.release_id,
    date_trunc('second', releases.published_at at time zone 'Asia/Ho_Chi_Minh') as published_at,
    (releases.published_at at time zone 'Asia/Ho_Chi_Minh')::date as published_on,
    about_release.last_period,
    about_release.expected_reporters,
    about_release.complete_reporters,
    about_release.expected_submissions,
    about_release.counted_submissions,
    about_release.is_synthetic,
    -- BI sees which rules warned. What they found names units and children, who approved it and why are words of persons:
    -- all that stays in ops.
    (
        select string_agg(distinct rules.rule, ' ' order by rules.rule)
        from {{ source('ops', 'release_approvals') }} as release_approvals
        cross join unnest(release_approvals.rules) as rules (rule)
        where release_approvals.release_id = about_release.release_id
    ) as approved_warnings
from {{ ref('computed_about_release') }} as about_release
inner join {{ source('ops', 'releases') }} as releases on about_release.release_id = releases.release_id
where about_release.release_id = (select ops.chosen_release())
