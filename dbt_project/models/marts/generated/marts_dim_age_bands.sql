{#- Made from the properties of dim_age_bands by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_age_bands', form='codes') }}
