{#- Made from the properties of fct_beneficiaries by `python -m mangnon.forms.contract`: do not edit. -#}
{{ star_view('fct_beneficiaries', form='beneficiaries') }}
