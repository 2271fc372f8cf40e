{#- Made from the properties of dim_injury_causes by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_injury_causes', form='codes') }}
