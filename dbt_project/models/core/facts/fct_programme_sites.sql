with programme_sites as (
    select
        *,
        period as date_id
    from {{ ref('stg_programme_sites') }}
    where {{ in_batches() }}
)

select
    -- Keys
    programme_sites.load_id,
    programme_sites.line,
    {{ surrogate_key(['programme_sites.load_id', 'programme_sites.line']) }} as programme_site_key,
    {{ surrogate_key(['programme_sites.reporter_code']) }} as reporter_key,
    coalesce(areas.area_key, {{ unknown_area_key() }}) as area_key,
    {{ surrogate_key(['programme_sites.programme']) }} as programme_key,
    programme_sites.date_id,
    programme_sites.period,

    -- Measures
    programme_sites.site_count,
    programme_sites.member_count,

    programme_sites.qualifier,
    programme_sites.is_synthetic
from programme_sites
{{ join_areas('programme_sites') }}
