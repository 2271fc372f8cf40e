with successions as (
    select * from {{ ref('stg_successions') }}
    where {{ in_batches() }}
)

select
    load_id,
    {{ area_version('from_code', 'from_valid_from') }} as from_area_version,
    {{ area_version('to_code', 'effective_on') }} as to_area_version,
    effective_on,
    method,
    weight,
    legal_act,
    list_source
from successions
