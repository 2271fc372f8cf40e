{#- Made from the properties of computed_area_borders by `python -m mangnon.forms.contract`: do not edit. -#}
{{ release_view('computed_area_borders') }}
