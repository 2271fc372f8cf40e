{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    (select ops.visible_release()) as release_id,
    dim_funding_instruments.funding_instrument,
    dim_funding_instruments.funding_instrument_label,
    dim_funding_instruments.funding_kind,
    dim_funding_instruments.valid_from,
    dim_funding_instruments.valid_until,
    dim_funding_instruments.funding_instrument_sort_order
from {{ ref('dim_funding_instruments') }} as dim_funding_instruments
where
    {{ is_visible('dim_funding_instruments', 'codes') }}
