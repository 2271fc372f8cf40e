with areas as (
    select * from {{ ref('stg_areas') }}
    where {{ in_batches() }}
),

versions as (
    {{ with_members(
        'areas',
        form='areas',
        columns=[
            'area_code', 'other_codes', 'name', 'area_type', 'parent_code', 'valid_from', 'valid_until', 'legal_act',
            'list_source', 'tile_column', 'tile_row', 'sort_order',
        ],
        others=[{
            'area_code': "'unknown'",
            'name': unknown_label(),
            'area_type': "'unknown'",
            'valid_from': unknown_valid_from(),
            'sort_order': unknown_sort_order(),
        }],
    ) | indent(4) }}
),

levels as (
    select
        *,
        case
            when area_type in ('city', 'town', 'district') then 'district'
            when area_type in ('ward', 'commune', 'township', 'special_zone') then 'commune'
            else area_type
        end as area_level
    from versions
),

-- Each area with those that it lies in, as they were when it began: a commune in a district, or since 2025 in a province.
lineages as (
    select
        levels.*,
        parents.area_code as parent_area_code,
        parents.name as parent_name,
        parents.area_level as parent_level,
        grandparents.area_code as grandparent_area_code,
        grandparents.name as grandparent_name
    from levels
    left join levels as parents on {{ lies_in('levels', 'parents') }}
    left join levels as grandparents on {{ lies_in('parents', 'grandparents') }}
)

select
    load_id,
    {{ area_version('area_code', 'valid_from') }} as area_version,
    area_code,
    other_codes,
    name as area_name,
    area_type,
    parent_code,
    valid_from,
    valid_until,
    legal_act,
    list_source,
    sort_order as area_sort_order,
    regexp_replace(
        name, '^(Tỉnh|Thành phố|Thị xã|Huyện|Phường|Xã|Thị trấn|Đặc khu) ', ''
    ) as area_short_name,
    area_level,
    case
        when area_level = 'district' then area_code
        when parent_level = 'district' then parent_area_code
    end as district_code,
    case
        when area_level = 'district' then name
        when parent_level = 'district' then parent_name
    end as district_name,
    case
        when area_level = 'province' then area_code
        when parent_level = 'province' then parent_area_code
        else grandparent_area_code
    end as province_code,
    case
        when area_level = 'province' then name
        when parent_level = 'province' then parent_name
        else grandparent_name
    end as province_name,
    valid_until is null and area_code <> 'unknown' as is_current,
    tile_column,
    tile_row
from lineages
