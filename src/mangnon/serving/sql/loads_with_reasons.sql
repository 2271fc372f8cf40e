-- One row per load that is refused or held, or has warnings, with the first reasons of that severity. Problems that differ
-- in nothing but their row are one reason, with the number of the others.
with problems as (
    select
        problems.load_id,
        problems.rule,
        (array_agg(problems.message order by problems.problem_number))[1] as message,
        count(*) - 1 as others,
        min(problems.problem_number) as place
    from raw.problems
    inner join ops.loads on problems.load_id = loads.load_id
    where loads.batch_id = any(%(batches)s) and problems.severity = %(severity)s
    group by
        problems.load_id,
        problems.rule,
        problems.field,
        problems.wording_values,
        coalesce(problems.wording_id, problems.message)
    union all
    (
        -- A load may have been judged in several candidates: the last verdict counts.
        select distinct on (verdicts.load_id, verdicts.expectation)
            verdicts.load_id,
            verdicts.expectation as rule,
            verdicts.message,
            0 as others,
            null as place
        from ops.verdicts
        inner join ops.loads on verdicts.load_id = loads.load_id
        where loads.batch_id = any(%(batches)s) and verdicts.severity = %(severity)s and not verdicts.is_met
        order by verdicts.load_id asc, verdicts.expectation asc, verdicts.verdict_id desc
    )
),

numbered as (
    select
        load_id,
        jsonb_build_object('message', message, 'others', others) as reason,
        row_number() over (partition by load_id order by place, rule) as number,
        count(*) over (partition by load_id) as reasons_in_all
    from problems
),

reasons as (
    select
        load_id,
        reasons_in_all,
        jsonb_agg(reason order by number) as reasons
    from numbered
    where number <= %(named)s
    group by load_id, reasons_in_all
)

select
    loads.load_id,
    loads.state,
    loads.state_reason,
    loads.form,
    coalesce(loads.reporter_code, deliveries.reporter_code) as reporter_code,
    coalesce(loads.period, deliveries.period) as period,
    concat_ws('/', deliveries.place, deliveries.file_name) as file_name,
    coalesce(
        reasons.reasons,
        jsonb_build_array(jsonb_build_object('message', coalesce(loads.state_reason, ''), 'others', 0))
    ) as reasons,
    coalesce(reasons.reasons_in_all, 1) as reasons_in_all
from ops.loads
inner join ops.deliveries on loads.delivery_id = deliveries.delivery_id
left join reasons on loads.load_id = reasons.load_id
where
    loads.batch_id = any(%(batches)s)
    and case %(severity)s
        when 'critical' then loads.state in ('refused', 'held')
        else reasons.load_id is not null
    end
order by reporter_code, period, loads.load_id
