-- The verdicts of gate 2 on the release; a warning about one load is shown with the load.
select distinct
    severity,
    holds_release,
    expectation,
    detail,
    message
from ops.verdicts
where
    gate = 'release'
    and release_id = %(release)s
    and not is_met
    and severity in ('critical', 'warning')
    and (load_id is null or severity = 'critical' or holds_release)
order by severity, expectation, detail
