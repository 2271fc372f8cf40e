{{ star_view('fct_incidents', form='incidents') }}
