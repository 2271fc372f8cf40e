-- One row per current reading that does not count, with its first reasons. Problems that differ in nothing but their row are
-- one reason.
with reasons as (
    select
        problems.load_id,
        (array_agg(problems.message order by problems.problem_number))[1] as message,
        count(*) - 1 as others,
        row_number() over (partition by problems.load_id order by min(problems.problem_number)) as number
    from raw.problems
    where
        problems.severity = 'critical'
        and problems.load_id in (
            select current_readings.load_id
            from ops.current_readings
            where current_readings.state in ('refused', 'held')
        )
    group by
        problems.load_id,
        problems.rule,
        problems.field,
        problems.wording_values,
        coalesce(problems.wording_id, problems.message)
)

select
    coalesce(deliveries.place, '') as place,
    deliveries.file_name,
    coalesce(readings.form, '') as form,
    readings.state,
    coalesce(
        (
            select
                string_agg(
                    reasons.message
                    || case when reasons.others > 0 then format(' (and %%s more)', reasons.others) else '' end,
                    e'\n' order by reasons.number
                )
            from reasons
            where reasons.load_id = readings.load_id and reasons.number <= 5
        ),
        readings.state_reason
    )
    || case
        when
            exists (
                select
                from ops.open_loads
                inner join ops.loads as counting on open_loads.load_id = counting.load_id
                where
                    counting.delivery_id = readings.delivery_id
                    and (counting.form = readings.form or readings.form is null)
                    and counting.load_id < readings.load_id
            )
            then e'\nWhat was read of it before still counts.'
        else ''
    end as why
from ops.current_readings as readings
inner join ops.deliveries on readings.delivery_id = deliveries.delivery_id
where
    readings.state in ('refused', 'held')
    and (deliveries.period = %(period)s or %(period)s::date is null)
order by readings.load_id desc
limit 50
