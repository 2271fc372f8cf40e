-- A load that a person holds stays held when its delivery is read again.
update ops.loads
set state = 'held', held_by = held.held_by, state_reason = held.state_reason
from ops.loads as held
where
    loads.batch_id = any(%(batches)s)
    and loads.state = 'modelled'
    and held.state = 'held'
    and held.held_by is not null
    and loads.delivery_id = held.delivery_id
    and loads.form = held.form
