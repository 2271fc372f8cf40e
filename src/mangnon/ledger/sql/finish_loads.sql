-- Each offered load ends as accepted, or as same when its content equals that of the counting load.
update ops.loads
set
    state = case
        when loads.content_hash = counting.content_hash and loads.load_id <> counting.load_id then 'same'
        else 'accepted'
    end
from ops.loads as offered
left join ops.open_loads
    on
        offered.reporter_code = open_loads.reporter_code
        and offered.form = open_loads.form
        and offered.period = open_loads.period
left join ops.loads as counting on open_loads.load_id = counting.load_id
where
    loads.load_id = offered.load_id
    and offered.batch_id = any(%(batches)s)
    and offered.state = 'modelled'
