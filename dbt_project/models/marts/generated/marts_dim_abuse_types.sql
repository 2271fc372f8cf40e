{#- Made from the properties of dim_abuse_types by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_abuse_types', form='codes') }}
