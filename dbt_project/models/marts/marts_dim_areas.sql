{{ star_view('dim_areas', form='areas') }}
