{#- Made from the properties of computed_annual_report by `python -m mangnon.forms.contract`: do not edit. -#}
{{ release_view('computed_annual_report') }}
