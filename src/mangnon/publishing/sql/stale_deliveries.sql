-- The deliveries of a month with stale readings, and the forms that are to be read again. A delivery of which nothing is
-- current is read as a whole: this code may know forms that the last one did not.
with stale as (
    select
        delivery_id,
        case
            when bool_or(fingerprint = %(fingerprint)s) or %(form)s::text is not null
                then array_agg(form order by form) filter (where fingerprint <> %(fingerprint)s)
        end as forms
    from ops.current_readings
    where
        reporter_code is distinct from '_reference'
        and (reporter_code = %(reporter_code)s or %(reporter_code)s::text is null)
        and (form = %(form)s or %(form)s::text is null)
        and month = %(period)s
    group by delivery_id
    having bool_or(fingerprint <> %(fingerprint)s)
)

select
    deliveries.delivery_id,
    deliveries.sha256,
    deliveries.file_name,
    deliveries.reporter_code,
    deliveries.place,
    stale.forms
from stale
inner join ops.deliveries on stale.delivery_id = deliveries.delivery_id
order by deliveries.delivery_id
