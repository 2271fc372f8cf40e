{{ star_view('dim_abuse_types', form='codes') }}
