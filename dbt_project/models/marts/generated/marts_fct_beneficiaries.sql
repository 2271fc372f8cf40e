{#- Made from the properties of fct_beneficiaries by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('fct_beneficiaries', form='beneficiaries') }}
