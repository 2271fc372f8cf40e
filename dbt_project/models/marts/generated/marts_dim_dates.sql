{#- Made from the properties of dim_dates by `python -m mangnon.contract.page`: do not edit. -#}
{{ static_view('dim_dates') }}
