{#- Made from the properties of dim_event_types by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_event_types', form='codes') }}
