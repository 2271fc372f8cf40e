-- Deliveries whose reporter has not been told everything, with the topics (form and rule) that are missing. Problems are
-- found when a delivery is read, so the first feedback has all of them; verdicts and holds may come later.
with current_readings as (
    select
        delivery_id,
        form,
        state,
        state_reason,
        held_by
    from ops.current_readings
    where reporter_code is distinct from '_reference'
),

night_loads as (
    select
        loads.load_id,
        loads.delivery_id,
        loads.form
    from ops.loads
    inner join ops.batches on loads.batch_id = batches.batch_id
    where batches.kind = 'night' and loads.reporter_code is distinct from '_reference'
),

topics as (
    select
        night_loads.delivery_id,
        concat(night_loads.form, ':', problems.rule) as topic
    from night_loads
    inner join raw.problems on night_loads.load_id = problems.load_id
    where
        (problems.severity <> 'info' or problems.rule = any(%(told)s))
        and not exists (
            select
            from ops.feedback
            where feedback.delivery_id = night_loads.delivery_id
        )
    union
    select
        night_loads.delivery_id,
        concat(night_loads.form, ':', verdicts.expectation) as topic
    from night_loads
    inner join ops.verdicts on night_loads.load_id = verdicts.load_id
    where verdicts.severity <> 'info' and not verdicts.is_met
    union
    select
        delivery_id,
        concat(form, ':', case when held_by is null then 'tie' else 'held ' || state_reason end) as topic
    from current_readings
    where state = 'held'
)

select
    topics.delivery_id,
    array_agg(topics.topic order by topics.topic) as topics
from topics
where
    not exists (
        select
        from ops.feedback
        where feedback.delivery_id = topics.delivery_id and topics.topic = any(feedback.topics)
    )
    -- A delivery with a load that is not judged yet waits until it is.
    and not exists (
        select
        from current_readings
        where current_readings.delivery_id = topics.delivery_id and current_readings.state = 'loaded'
    )
group by topics.delivery_id
order by topics.delivery_id
