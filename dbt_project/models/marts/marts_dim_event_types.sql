{{ star_view('dim_event_types', form='codes') }}
