{#- Made from the properties of dim_sexes by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_sexes', form='codes') }}
