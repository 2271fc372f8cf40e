with reporters as (
    select * from {{ ref('stg_reporters') }}
    where {{ in_batches() }}
),

-- The unknown member is expected to send nothing, so it changes no completeness.
members as (
    {{ with_members(
        'reporters',
        form='reporters',
        columns=[
            'reporter_code', 'name', 'reporter_kind', 'area_code', 'valid_from', 'valid_until', 'expected_forms',
            'due_day', 'sort_order',
        ],
        others=[{
            'reporter_code': "'unknown'",
            'name': unknown_label(),
            'reporter_kind': "'unknown'",
            'area_code': "'unknown'",
            'valid_from': unknown_valid_from(),
            'expected_forms': "''",
            'sort_order': unknown_sort_order(),
        }],
    ) | indent(4) }}
)

select
    load_id,
    reporter_code,
    name as reporter_name,
    reporter_kind,
    area_code,
    valid_from,
    valid_until,
    expected_forms,
    due_day,
    sort_order as reporter_sort_order
from members
