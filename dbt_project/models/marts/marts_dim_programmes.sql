{{ star_view('dim_programmes', form='codes') }}
