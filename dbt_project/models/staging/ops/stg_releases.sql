with releases as (
    select * from {{ source('ops', 'releases') }}
)

select
    release_id,
    state as release_state,
    restores as restored_release_id,
    created_at,
    published_at
from releases
