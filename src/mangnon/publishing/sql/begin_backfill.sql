-- A backfill with its batch and its months.
with batch as (
    insert into ops.batches (kind) values ('backfill')
    returning batch_id
),

backfill as (
    insert into ops.backfills (batch_id, from_period, to_period, reporter_code, form, requested_by, reason)
    select
        batch.batch_id,
        %(from_period)s as from_period,
        %(to_period)s as to_period,
        %(reporter_code)s as reporter_code,
        %(form)s as form,
        %(who)s as requested_by,
        %(why)s as reason
    from batch
    returning backfill_id
),

months as (
    insert into ops.backfill_periods (backfill_id, period)
    select
        backfill.backfill_id,
        months.month::date
    from backfill
    cross join
        generate_series(%(from_period)s::date, %(to_period)s::date, interval '1 month') as months (month)
)

select backfill.backfill_id
from backfill
