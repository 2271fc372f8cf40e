with batches as (
    select * from {{ source('ops', 'batches') }}
)

select
    batch_id,
    kind as batch_kind,
    state as batch_state,
    published_at
from batches
