{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_age_bands.age_band,
    dim_age_bands.age_band_label,
    dim_age_bands.from_age,
    dim_age_bands.until_age,
    dim_age_bands.age_band_sort_order
from {{ ref('dim_age_bands') }} as dim_age_bands
where
    {{ is_visible('dim_age_bands', 'codes') }}
