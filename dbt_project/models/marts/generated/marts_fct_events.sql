{#- Made from the properties of fct_events by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('fct_events', form='events') }}
