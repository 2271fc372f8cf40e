{{ star_view('fct_child_population', form='child_population') }}
