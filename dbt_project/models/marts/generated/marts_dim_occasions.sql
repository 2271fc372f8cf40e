{#- Made from the properties of dim_occasions by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_occasions', form='codes') }}
