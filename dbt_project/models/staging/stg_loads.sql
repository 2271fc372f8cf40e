with loads as (
    {{ loads_with_covers() }}
)

select
    load_id,
    batch_id,
    load_state,
    reporter_code,
    form,
    period,
    is_synthetic,
    received_at
from loads
