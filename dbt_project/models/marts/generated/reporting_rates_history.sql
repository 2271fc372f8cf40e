{#- Made from the properties of computed_reporting_rates by `python -m mangnon.contract.page`: do not edit. -#}
{{ history_view('computed_reporting_rates') }}
