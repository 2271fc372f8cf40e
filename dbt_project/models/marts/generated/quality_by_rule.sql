{#- Made from the properties of computed_quality_by_rule by `python -m mangnon.contract.page`: do not edit. -#}
{{ release_view('computed_quality_by_rule') }}
