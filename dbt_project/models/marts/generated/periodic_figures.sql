{#- Made from the properties of computed_periodic_figures by `python -m mangnon.forms.contract`: do not edit. -#}
{{ release_view('computed_periodic_figures') }}
