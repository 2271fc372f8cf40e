{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    computed_annual_report.release_id,
    computed_annual_report.year,
    computed_annual_report.figure,
    computed_annual_report.figure_sort_order,
    computed_annual_report.section,
    computed_annual_report.figure_label,
    computed_annual_report.unit,
    {{ display_unit('computed_annual_report.unit') }} as display_unit,
    computed_annual_report.value,
    {{ in_display_unit('computed_annual_report.value', 'computed_annual_report.unit') }} as display_value,
    computed_annual_report.qualifier,
    {{ label('qualifier', 'computed_annual_report.qualifier') }} as qualifier_label,
    (computed_annual_report.qualifier = 'gte')::integer as lower_bounds,
    (computed_annual_report.qualifier = 'approx')::integer as approximations,
    computed_annual_report.previous_value,
    computed_annual_report.change,
    computed_annual_report.expected_reporters,
    computed_annual_report.complete_reporters,
    computed_annual_report.is_synthetic,
    computed_annual_report.expected_districts,
    computed_annual_report.complete_districts
from {{ ref('computed_annual_report') }} as computed_annual_report
where
    computed_annual_report.release_id = (select ops.chosen_release())
