with programme_sites as (
    select
        *,
        period as date_id
    from {{ ref('stg_programme_sites') }}
    where {{ in_batches() }}
),

areas as (
    select * from {{ ref('dim_areas') }}
    where {{ in_reference_loads() }}
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
-- The version of the area that was valid at the start of the month.
left join areas
    on
        programme_sites.area_code = areas.area_code
        and programme_sites.date_id >= areas.valid_from
        and (programme_sites.date_id < areas.valid_until or areas.valid_until is null)
