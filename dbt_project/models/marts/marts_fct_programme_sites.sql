{{ star_view('fct_programme_sites', form='programme_sites') }}
