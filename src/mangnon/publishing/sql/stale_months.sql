-- What is stale in each month that has deliveries. Code lists are not read again: they are renewed by a new revision.
select
    month as period,
    count(distinct delivery_id) as deliveries,
    count(*) filter (where fingerprint = %(fingerprint)s) as current_loads,
    count(*) filter (where fingerprint <> %(fingerprint)s) as stale_loads,
    count(distinct delivery_id) filter (where fingerprint <> %(fingerprint)s) as stale_deliveries,
    coalesce(string_agg(distinct form, ', ') filter (where fingerprint <> %(fingerprint)s), '') as stale_forms
from ops.current_readings
where
    reporter_code is distinct from '_reference'
    and (reporter_code = %(reporter_code)s or %(reporter_code)s::text is null)
    and (form = %(form)s or %(form)s::text is null)
    and month between %(from_period)s and %(to_period)s
group by month
order by month
