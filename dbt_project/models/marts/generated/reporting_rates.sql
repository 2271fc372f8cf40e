{#- Made from the properties of computed_reporting_rates by `python -m mangnon.contract.page`: do not edit. -#}
{{ release_view('computed_reporting_rates') }}
