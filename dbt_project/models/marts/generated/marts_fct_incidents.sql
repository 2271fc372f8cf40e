{#- Made from the properties of fct_incidents by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('fct_incidents', form='incidents') }}
