with loads as (
    select * from {{ ref('base_loads') }}
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
