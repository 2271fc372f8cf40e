with areas as (
    select * from {{ ref('stg_areas') }}
    where {{ in_batches() }}
),

loads as (
    select * from {{ ref('stg_loads') }}
    where form = 'areas' and {{ in_batches() }}
),

versions as (
    select
        load_id,
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
    from areas
    union all
    select
        load_id,
        'unknown' as area_code,
        null as other_codes,
        {{ unknown_label() }} as name,
        'unknown' as area_type,
        null as parent_code,
        date '1900-01-01' as valid_from,
        null as valid_until,
        null as legal_act,
        null as list_source,
        {{ unknown_sort_order() }} as sort_order
    from loads
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
