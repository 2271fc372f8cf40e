-- Each release writes all rows again, a few hundred areas times a few borders: after a changed list no fact is read.
with ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

areas as (
    select dim_areas.*
    from {{ ref('dim_areas') }} as dim_areas
    inner join ledger on dim_areas.load_id = ledger.load_id
),

changes as (
    select distinct valid_from as borders_on from areas
    where area_code <> 'unknown'
),

borders as (
    select
        borders_on,
        lead(borders_on) over (order by borders_on) as borders_until
    from changes
),

-- The share of every area that lies in each area of the borders of a day.
shares as (
    select
        area_shares.area_version,
        borders.borders_on,
        area_shares.in_area_version,
        area_shares.weight,
        area_shares.is_exact
    from {{ ref('int_area_shares') }} as area_shares
    inner join areas on area_shares.area_version = areas.area_version
    inner join areas as in_areas on area_shares.in_area_version = in_areas.area_version
    inner join borders
        on
            in_areas.valid_from <= borders.borders_on
            and (in_areas.valid_until > borders.borders_on or in_areas.valid_until is null)
            and area_shares.is_backwards = (areas.valid_from > borders.borders_on)
),

judged_shares as (
    select
        *,
        -- All shares or none: with only some of them, the total of a figure would shrink silently.
        bool_and(weight is not null) over (partition by area_version, borders_on)
        and sum(weight) over (partition by area_version, borders_on) = 1 as is_known
    from shares
),

known_shares as (
    select * from judged_shares
    where is_known
),

-- Areas that may own withheld figures of the same years: their totals are lower bounds.
partly_known as (
    select distinct
        known_shares.area_version,
        known_shares.borders_on,
        known_shares.in_area_version
    from known_shares
    inner join areas on known_shares.area_version = areas.area_version
    inner join judged_shares as withheld
        on known_shares.borders_on = withheld.borders_on and known_shares.in_area_version = withheld.in_area_version
    inner join areas as withheld_areas
        on
            withheld.area_version = withheld_areas.area_version
            and (areas.valid_from < withheld_areas.valid_until or withheld_areas.valid_until is null)
            and (areas.valid_until > withheld_areas.valid_from or areas.valid_until is null)
    where not coalesce(withheld.is_known, false)
)

select
    {{ candidate_asked() }}::integer as release_id,
    areas.area_version,
    borders.borders_on,
    borders.borders_until,
    coalesce(known_shares.in_area_version, {{ unknown_area_version() }}) as in_area_version,
    case when known_shares.is_exact then 'exact' else 'estimated' end as method,
    known_shares.weight,
    known_shares.area_version is not null and partly_known.area_version is null as is_whole
from areas
cross join borders
left join known_shares
    on areas.area_version = known_shares.area_version and borders.borders_on = known_shares.borders_on
left join partly_known
    on
        known_shares.area_version = partly_known.area_version
        and known_shares.borders_on = partly_known.borders_on
        and known_shares.in_area_version = partly_known.in_area_version
