{#- Made from the properties of dim_areas by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_areas', form='areas') }}
