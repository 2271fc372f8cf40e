select
    release_id,
    date_trunc('second', published_at at time zone 'Asia/Ho_Chi_Minh') as published_at,
    (published_at at time zone 'Asia/Ho_Chi_Minh')::date as published_on,
    (pruned_at at time zone 'Asia/Ho_Chi_Minh')::date as pruned_on
from {{ source('ops', 'releases') }}
where state = 'published'
