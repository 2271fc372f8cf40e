{#- Made from the properties of computed_area_borders by `python -m mangnon.contract.page`: do not edit. -#}
{{ release_view('computed_area_borders') }}
