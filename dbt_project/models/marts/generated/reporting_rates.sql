{#- Made from the properties of computed_reporting_rates by `python -m mangnon.forms.contract`: do not edit. -#}
{{ release_view('computed_reporting_rates') }}
