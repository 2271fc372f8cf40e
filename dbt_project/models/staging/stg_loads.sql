with loads as (
    {{ loads_with_covers() }}
)

select
    load_id,
    batch_id,
    delivery_id,
    load_state,
    reporter_code,
    form,
    period,
    rows_loaded,
    loaded_at,
    is_synthetic,
    received_at
from loads
