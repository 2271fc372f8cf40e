select
    release_id,
    published_at,
    pruned_at
from {{ source('ops', 'releases') }}
where state = 'published'
