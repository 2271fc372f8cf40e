{#- Made from the properties of computed_incident_silence by `python -m mangnon.contract.page`: do not edit. -#}
{{ release_view('computed_incident_silence') }}
