{{ star_view('fct_beneficiaries', form='beneficiaries') }}
