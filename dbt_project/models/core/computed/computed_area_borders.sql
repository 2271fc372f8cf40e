-- A few hundred areas by a few borders, written again for each release: whatever list changes, nothing else is read.
with recursive ledger as (
    select * from {{ source('ops', 'published_loads') }}
    where {{ in_release() }}
),

areas as (
    select dim_areas.*
    from {{ ref('dim_areas') }} as dim_areas
    inner join ledger on dim_areas.load_id = ledger.load_id
),

successions as (
    select bridge_area_successions.*
    from {{ ref('bridge_area_successions') }} as bridge_area_successions
    inner join ledger on bridge_area_successions.load_id = ledger.load_id
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

-- Forwards: what went somewhere in part is divided by its weights; the product with an unknown weight is unknown.
later as (
    select
        area_key,
        area_key as in_area_key,
        1::numeric as weight,
        true as is_exact
    from areas
    union all
    select
        later.area_key,
        successions.to_area_key as in_area_key,
        later.weight * successions.weight as weight,
        later.is_exact and successions.method = 'exact' as is_exact
    from later
    inner join successions on later.in_area_key = successions.from_area_key
),

-- Backwards: an area that was made from one area, or from a part of it, lay wholly in that one. Of several areas,
-- nobody knows the shares. Areas of different levels, such as district and ward, are not set beside each other.
origins as (
    select
        successions.to_area_key,
        successions.from_area_key,
        case when count(*) over (partition by successions.to_area_key) = 1 then 1::numeric end as weight
    from successions
    inner join areas as old_areas on successions.from_area_key = old_areas.area_key
    inner join areas as new_areas on successions.to_area_key = new_areas.area_key
    where old_areas.parent_code = new_areas.parent_code
),

earlier as (
    select
        area_key,
        area_key as in_area_key,
        1::numeric as weight
    from areas
    union all
    (
        -- What is listed of a district since one day only counted with the district before.
        select
            parts.area_key,
            wholes.area_key as in_area_key,
            1::numeric as weight
        from areas as parts
        inner join areas as wholes
            on
                parts.parent_code = wholes.area_code
                and parts.valid_from >= wholes.valid_from
                and (parts.valid_from < wholes.valid_until or wholes.valid_until is null)
        where wholes.parent_code is not null
    )
    union all
    select
        earlier.area_key,
        origins.from_area_key as in_area_key,
        earlier.weight * origins.weight as weight
    from earlier
    inner join origins on earlier.in_area_key = origins.to_area_key
),

paths as (
    select
        later.*,
        false as is_backwards
    from later
    union all
    select
        area_key,
        in_area_key,
        weight,
        true as is_exact,
        true as is_backwards
    from earlier
),

-- The shares of every area in the areas of each day's borders.
shares as (
    select
        paths.area_key,
        borders.borders_on,
        paths.in_area_key,
        case when bool_and(paths.weight is not null) then sum(paths.weight) end as weight,
        bool_and(paths.is_exact) as is_exact
    from paths
    inner join areas on paths.area_key = areas.area_key
    inner join areas as in_areas on paths.in_area_key = in_areas.area_key
    inner join borders
        on
            in_areas.valid_from <= borders.borders_on
            and (in_areas.valid_until > borders.borders_on or in_areas.valid_until is null)
            and paths.is_backwards = (areas.valid_from > borders.borders_on)
    group by paths.area_key, borders.borders_on, paths.in_area_key
),

judged_shares as (
    select
        *,
        -- All or nothing: a figure of which only some shares are known would shrink without a word.
        bool_and(weight is not null) over (partition by area_key, borders_on)
        and sum(weight) over (partition by area_key, borders_on) = 1 as is_known
    from shares
),

known_shares as (
    select * from judged_shares
    where is_known
),

-- Of these areas the same years hold figures that are withheld, so that their totals are lower bounds.
partly_known as (
    select distinct
        known_shares.area_key,
        known_shares.borders_on,
        known_shares.in_area_key
    from known_shares
    inner join areas on known_shares.area_key = areas.area_key
    inner join judged_shares as withheld
        on known_shares.borders_on = withheld.borders_on and known_shares.in_area_key = withheld.in_area_key
    inner join areas as withheld_areas
        on
            withheld.area_key = withheld_areas.area_key
            and (areas.valid_from < withheld_areas.valid_until or withheld_areas.valid_until is null)
            and (areas.valid_until > withheld_areas.valid_from or areas.valid_until is null)
    where not coalesce(withheld.is_known, false)
)

select
    {{ candidate_asked() }}::integer as release_id,
    areas.area_key,
    borders.borders_on,
    borders.borders_until,
    coalesce(known_shares.in_area_key, {{ unknown_area_key() }}) as in_area_key,
    case when known_shares.is_exact then 'exact' else 'estimated' end as method,
    known_shares.weight,
    known_shares.area_key is not null and partly_known.area_key is null as is_whole
from areas
cross join borders
left join known_shares on areas.area_key = known_shares.area_key and borders.borders_on = known_shares.borders_on
left join partly_known
    on
        known_shares.area_key = partly_known.area_key
        and known_shares.borders_on = partly_known.borders_on
        and known_shares.in_area_key = partly_known.in_area_key
