{{ star_view('fct_events', form='events') }}
