{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_areas.area_version,
    dim_areas.area_code,
    dim_areas.other_codes,
    dim_areas.area_name,
    dim_areas.area_type,
    {{ label('area_type', 'dim_areas.area_type') }} as area_type_label,
    dim_areas.parent_code,
    dim_areas.valid_from,
    dim_areas.valid_until,
    dim_areas.legal_act,
    dim_areas.list_source,
    dim_areas.area_sort_order,
    dim_areas.area_short_name,
    dim_areas.area_level,
    {{ label('area_level', 'dim_areas.area_level') }} as area_level_label,
    dim_areas.district_code,
    dim_areas.district_name,
    dim_areas.province_code,
    dim_areas.province_name,
    dim_areas.is_current,
    dim_areas.tile_column,
    dim_areas.tile_row
from {{ ref('dim_areas') }} as dim_areas
where
    {{ is_visible('dim_areas', 'areas') }}
