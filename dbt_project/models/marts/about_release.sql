select
    about_release.release_id,
    releases.published_at,
    about_release.last_period,
    about_release.expected_reporters,
    about_release.complete_reporters,
    about_release.expected_submissions,
    about_release.counted_submissions,
    about_release.is_synthetic,
    -- BI does not see who approved, nor the reason in their words: both stay in ops.
    (
        select nullif(array_to_string(release_approvals.warnings, e'\n'), '')
        from {{ source('ops', 'release_approvals') }} as release_approvals
        where release_approvals.release_id = about_release.release_id
    ) as approved_warnings
from {{ ref('computed_about_release') }} as about_release
inner join {{ source('ops', 'releases') }} as releases on about_release.release_id = releases.release_id
where about_release.release_id = (select ops.chosen_release())
