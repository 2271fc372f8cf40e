{#- Made from the properties of dim_reporters by `python -m mangnon.contract.page`: do not edit. -#}
{{ star_view('dim_reporters', form='reporters') }}
