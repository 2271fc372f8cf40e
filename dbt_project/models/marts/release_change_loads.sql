select
    release_id,
    reporter_code,
    form,
    period,
    old_load_id,
    new_load_id,
    reason
from {{ source('ops', 'release_change_loads') }}
