-- The share of each version of an area that lies in later versions, and in earlier ones.
with recursive ledger as (
    select * from {{ ref('stg_published_loads') }}
    where {{ in_release() }}
),

areas as (
    select dim_areas.*
    from {{ ref('dim_areas') }} as dim_areas
    inner join ledger on dim_areas.load_id = ledger.load_id
),

successions as (
    select bridge_successions.*
    from {{ ref('bridge_successions') }} as bridge_successions
    inner join ledger on bridge_successions.load_id = ledger.load_id
),

-- Forwards: an area that went to several areas is split by the weights. A product with an unknown weight is unknown.
later as (
    select
        area_version,
        area_version as in_area_version,
        1::numeric as weight,
        true as is_exact
    from areas
    union all
    select
        later.area_version,
        successions.to_area_version as in_area_version,
        later.weight * successions.weight as weight,
        later.is_exact and successions.method = 'exact' as is_exact
    from later
    inner join successions on later.in_area_version = successions.from_area_version
),

-- Backwards: an area that was made from one area, or from a part of it, lay wholly in that one. If it was made from
-- several areas, nobody knows the shares. Areas of different levels, such as district and ward, are not compared.
origins as (
    select
        successions.to_area_version,
        successions.from_area_version,
        case when count(*) over (partition by successions.to_area_version) = 1 then 1::numeric end as weight
    from successions
    inner join areas as old_areas on successions.from_area_version = old_areas.area_version
    inner join areas as new_areas on successions.to_area_version = new_areas.area_version
    where old_areas.parent_code = new_areas.parent_code
),

earlier as (
    select
        area_version,
        area_version as in_area_version,
        1::numeric as weight
    from areas
    union all
    (
        -- A part of a district that has been listed only since some day counted with the district before that day.
        select
            parts.area_version,
            wholes.area_version as in_area_version,
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
        earlier.area_version,
        origins.from_area_version as in_area_version,
        earlier.weight * origins.weight as weight
    from earlier
    inner join origins on earlier.in_area_version = origins.to_area_version
),

paths as (
    select
        later.*,
        false as is_backwards
    from later
    union all
    select
        area_version,
        in_area_version,
        weight,
        true as is_exact,
        true as is_backwards
    from earlier
)

-- Several paths of successions may lead from one area to another.
select
    area_version,
    in_area_version,
    is_backwards,
    case when bool_and(weight is not null) then sum(weight) end as weight,
    bool_and(is_exact) as is_exact
from paths
group by area_version, in_area_version, is_backwards
