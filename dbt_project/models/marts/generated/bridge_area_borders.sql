{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    computed_borders.release_id,
    computed_borders.area_version,
    computed_borders.borders_on,
    computed_borders.borders_until,
    computed_borders.in_area_version,
    computed_borders.method,
    {{ label('method', 'computed_borders.method') }} as method_label,
    computed_borders.weight,
    computed_borders.is_whole
from {{ ref('computed_borders') }} as computed_borders
where
    computed_borders.release_id = (select ops.chosen_release())
