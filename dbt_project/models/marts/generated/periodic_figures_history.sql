{#- Made from the properties of computed_periodic_figures by `python -m mangnon.contract.page`: do not edit. -#}
{{ history_view('computed_periodic_figures') }}
