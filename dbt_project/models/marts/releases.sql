select
    releases.release_id,
    date_trunc('second', releases.published_at at time zone 'Asia/Ho_Chi_Minh') as published_at,
    (releases.published_at at time zone 'Asia/Ho_Chi_Minh')::date as published_on,
    (releases.pruned_at at time zone 'Asia/Ho_Chi_Minh')::date as pruned_on,
    (
        select (newer.published_at at time zone 'Asia/Ho_Chi_Minh')::date
        from {{ source('ops', 'releases') }} as newer
        where newer.state = 'published' and newer.release_id > releases.release_id
        order by newer.release_id
        limit 1
    ) as superseded_on,
    releases.release_id = (
        select max(newest.release_id)
        from {{ source('ops', 'releases') }} as newest
        where newest.state = 'published'
    ) as is_newest,
    releases.replaces as previous_release_id,
    releases.restores as restored_release_id
from {{ source('ops', 'releases') }} as releases
where releases.state = 'published'
