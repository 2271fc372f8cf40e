-- One row per reporter and form that was expected in the months before and in the last one, with what became of it.
with last_month as (
    select max(period) as last_period
    from core.computed_reporting_rates
    where release_id = %(computed)s and is_expected
),

expected as (
    select
        rates.reporter_code,
        rates.form,
        rates.period,
        last_month.last_period
    from core.computed_reporting_rates as rates
    cross join last_month
    where
        rates.release_id = %(computed)s
        and rates.is_expected
        and rates.period > last_month.last_period - make_interval(months => %(months)s)
),

-- The newest readings of closed batches.
newest as (
    select distinct on (loads.reporter_code, loads.form, loads.period)
        loads.reporter_code,
        loads.form,
        loads.period,
        loads.state,
        deliveries.received_at
    from ops.loads
    inner join ops.deliveries on loads.delivery_id = deliveries.delivery_id
    inner join ops.batches on loads.batch_id = batches.batch_id
    where
        batches.state <> 'open'
        and loads.period in (
            select expected.period
            from expected
        )
    order by loads.reporter_code asc, loads.form asc, loads.period asc, loads.load_id desc
)

select
    expected.reporter_code,
    expected.form,
    expected.period,
    expected.last_period,
    newest.state,
    newest.received_at,
    counting.load_id is not null as is_counted
from expected
left join newest
    on
        expected.reporter_code = newest.reporter_code
        and expected.form = newest.form
        and expected.period = newest.period
left join ops.loads_in_release(%(visible)s) as counting
    on
        expected.reporter_code = counting.reporter_code
        and expected.form = counting.form
        and expected.period = counting.period
order by expected.period desc
