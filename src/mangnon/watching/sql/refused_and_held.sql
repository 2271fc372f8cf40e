-- One row per current reading that does not count, with every reason.
select
    coalesce(deliveries.place, '') as place,
    deliveries.file_name,
    coalesce(readings.form, '') as form,
    readings.state,
    coalesce(
        (
            select string_agg(problems.message, e'\n' order by problems.problem_number)
            from raw.problems
            where
                problems.load_id = readings.load_id
                and problems.severity = 'critical'
                and problems.problem_number <= 5
        ),
        readings.state_reason
    ) as why
from ops.current_readings as readings
inner join ops.deliveries on readings.delivery_id = deliveries.delivery_id
where
    readings.state in ('refused', 'held')
    and (deliveries.period = %(period)s or %(period)s::date is null)
order by readings.load_id desc
limit 50
