with areas as (
    select * from {{ ref('stg_areas') }}
    where {{ in_batches() }}
),

versions as (
    {{ with_unknown_member(
        'areas',
        form='areas',
        columns=[
            'area_code', 'other_codes', 'name', 'area_type', 'parent_code', 'valid_from', 'valid_until', 'legal_act',
            'list_source', 'sort_order',
        ],
        unknown={
            'area_code': "'unknown'",
            'name': unknown_label(),
            'area_type': "'unknown'",
            'valid_from': unknown_valid_from(),
            'sort_order': unknown_sort_order(),
        },
    ) | indent(4) }}
)

select
    load_id,
    {{ area_key('area_code', 'valid_from') }} as area_key,
    area_code,
    other_codes,
    name,
    area_type,
    parent_code,
    valid_from,
    valid_until,
    legal_act,
    list_source,
    sort_order
from versions
