{#- Made from the properties of dim_programmes by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_programmes', form='codes') }}
