-- One row per reporter that sent something; the reporter is empty where the cover could not be read.
select
    reporter_code,
    count(distinct delivery_id) as files,
    array_agg(distinct period order by period) filter (where period is not null) as periods,
    count(*) filter (where state in ('loaded', 'modelled', 'accepted', 'same')) as accepted,
    count(*) filter (where state = 'refused') as refused,
    count(*) filter (where state = 'held') as held
from ops.loads
where batch_id = any(%(batches)s) and reporter_code is distinct from '_reference'
group by reporter_code
