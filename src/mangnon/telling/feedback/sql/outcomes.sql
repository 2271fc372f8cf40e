-- What became of each form of a delivery, and the higher revision that replaced it.
select
    readings.load_id,
    readings.form,
    readings.state,
    readings.state_reason,
    readings.held_by,
    (
        select max(later.revision)
        from ops.current_readings as later
        where
            later.reporter_code = readings.reporter_code
            and later.form = readings.form
            and later.period = readings.period
            and later.revision > readings.revision
            and (readings.state = 'refused' or later.state <> 'refused')
    ) as replaced_by,
    loads.rows_loaded as rows
from ops.current_readings as readings
inner join ops.loads on readings.load_id = loads.load_id
where readings.delivery_id = %(delivery)s and readings.reporter_code is distinct from '_reference'
