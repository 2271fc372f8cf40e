{{ star_view('dim_occasions', form='codes') }}
