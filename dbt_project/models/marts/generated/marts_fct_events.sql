{#- Made from the properties of fct_events by `python -m mangnon.forms.contract`: do not edit. -#}
{{ star_view('fct_events', form='events') }}
