-- One row per month that has deliveries, with its stale readings. Code lists are not read again: a new revision renews them.
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
