{{ star_view('dim_age_bands', form='codes') }}
