with published_loads as (
    select * from {{ source('ops', 'published_loads') }}
)

select
    load_id,
    reporter_code,
    form,
    period,
    from_release,
    until_release
from published_loads
