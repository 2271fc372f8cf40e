{#- Made from the properties of dim_special_circumstances by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_special_circumstances', form='codes') }}
