{{ star_view('dim_funding_instruments', form='codes') }}
