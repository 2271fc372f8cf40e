-- Two contents claim one revision: both loads are held.
update ops.loads
set
    state = 'held',
    state_reason = 'Hai tệp khác nhau cùng lần gửi ' || revisions.revision
    || ': hãy gửi lại tệp đúng với lần gửi ' || revisions.revision + 1 || '.'
from ops.touched_revisions(%(batches)s) as revisions
inner join ops.eligible_readings as readings
    on
        revisions.reporter_code = readings.reporter_code
        and revisions.form = readings.form
        and revisions.period = readings.period
        and revisions.revision = readings.revision
where
    revisions.is_tied
    and readings.held_by is null
    and loads.load_id = readings.load_id
