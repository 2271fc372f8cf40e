{#- Made from the properties of dim_funding_instruments by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_funding_instruments', form='codes') }}
