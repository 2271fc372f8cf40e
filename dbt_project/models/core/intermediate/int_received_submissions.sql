-- All submissions that arrived, even if they were refused or held. A code that is no reporter's may be
-- anything, so it is not shown.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

reporters as (
    select dim_reporters.*
    from {{ ref('dim_reporters') }} as dim_reporters
    inner join ledger on dim_reporters.load_id = ledger.load_id
),

known_batches as (
    {{ known_batches() }}
),

-- Each file once: its newest reading that was not refused decides, as in the ledger.
deliveries as (
    select distinct on (loads.delivery_id, loads.form)
        loads.delivery_id,
        loads.reporter_code,
        loads.form,
        loads.period,
        loads.load_state,
        loads.received_at
    from {{ ref('stg_loads') }} as loads
    inner join known_batches on loads.batch_id = known_batches.batch_id
    inner join reporters on loads.reporter_code = reporters.reporter_code
    where loads.form is not null and loads.period is not null
    order by loads.delivery_id asc, loads.form asc, loads.load_state = 'refused' asc, loads.load_id desc
),

deliveries_in_order as (
    select
        *,
        min(delivery_id) filter (where load_state <> 'refused') over (
            partition by reporter_code, form, period
        ) as first_readable
    from deliveries
)

select
    reporter_code,
    form,
    period,
    min(received_at) as received_at,
    (min(received_at) at time zone 'Asia/Ho_Chi_Minh')::date as first_received_on,
    count(*)::integer as times_submitted,
    count(*) filter (where load_state not in ('refused', 'held'))::integer as times_accepted,
    count(*) filter (where load_state = 'refused')::integer as times_refused,
    count(*) filter (where load_state = 'held')::integer as times_held,
    count(*) filter (where delivery_id > first_readable)::integer as resubmissions
from deliveries_in_order
group by reporter_code, form, period
