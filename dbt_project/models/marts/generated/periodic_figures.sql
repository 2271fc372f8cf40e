{#- Made from the properties of computed_periodic_figures by `python -m mangnon.contract.page`: do not edit. -#}
{{ release_view('computed_periodic_figures') }}
