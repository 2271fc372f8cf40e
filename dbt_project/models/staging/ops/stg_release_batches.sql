with release_batches as (
    select * from {{ source('ops', 'release_batches') }}
)

select
    release_id,
    batch_id
from release_batches
