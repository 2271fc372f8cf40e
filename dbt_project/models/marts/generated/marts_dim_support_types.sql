{#- Made from the properties of dim_support_types by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_support_types', form='codes') }}
