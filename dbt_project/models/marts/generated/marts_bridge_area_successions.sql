{#- Made from the properties of bridge_area_successions by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('bridge_area_successions', form='successions') }}
