{#- Made from the properties of dim_figures by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_figures', form='figures') }}
