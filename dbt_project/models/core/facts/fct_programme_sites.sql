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
    programme_sites.reporter_code,
    coalesce(areas.area_version, {{ unknown_area_version() }}) as area_version,
    {{ member('programme_sites', 'programme') }} as programme,
    programme_sites.date_id,
    programme_sites.period,

    -- Measures
    programme_sites.site_count,
    programme_sites.member_count,

    programme_sites.qualifier,
    programme_sites.is_synthetic
from programme_sites
{{ join_areas('programme_sites') }}
