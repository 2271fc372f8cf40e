{#- Made from the properties of fct_programme_sites by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('fct_programme_sites', form='programme_sites') }}
