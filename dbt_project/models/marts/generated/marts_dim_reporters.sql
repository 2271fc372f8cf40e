{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_reporters.reporter_code,
    dim_reporters.reporter_name,
    dim_reporters.reporter_kind,
    {{ label('reporter_kind', 'dim_reporters.reporter_kind') }} as reporter_kind_label,
    dim_reporters.area_code,
    dim_reporters.valid_from,
    dim_reporters.valid_until,
    dim_reporters.expected_forms,
    dim_reporters.due_day,
    dim_reporters.reporter_sort_order
from {{ ref('dim_reporters') }} as dim_reporters
where
    {{ is_visible('dim_reporters', 'reporters') }}
