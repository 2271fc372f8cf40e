with reporters as (
    select * from {{ ref('stg_reporters') }}
    where {{ in_batches() }}
),

loads as (
    select * from {{ ref('stg_loads') }}
    where form = 'reporters' and {{ in_batches() }}
),

members as (
    select
        load_id,
        reporter_code,
        name,
        reporter_kind,
        area_code,
        valid_from,
        valid_until,
        expected_forms,
        due_day,
        sort_order
    from reporters
    union all
    -- Nothing is expected of the unknown member, so it enters no completeness.
    select
        load_id,
        'unknown' as reporter_code,
        {{ unknown_label() }} as name,
        'unknown' as reporter_kind,
        'unknown' as area_code,
        date '1900-01-01' as valid_from,
        null as valid_until,
        '' as expected_forms,
        null as due_day,
        {{ unknown_sort_order() }} as sort_order
    from loads
)

select
    load_id,
    {{ surrogate_key(['reporter_code']) }} as reporter_key,
    reporter_code,
    name,
    reporter_kind,
    area_code,
    valid_from,
    valid_until,
    expected_forms,
    due_day,
    sort_order
from members
