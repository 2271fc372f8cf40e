{#- Made from the properties of fct_child_population by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('fct_child_population', form='child_population') }}
