{#- Made from the properties of computed_annual_report by `python -m mangnon.contract.page`: do not edit. -#}
{{ history_view('computed_annual_report') }}
