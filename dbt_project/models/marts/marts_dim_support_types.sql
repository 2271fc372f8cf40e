{{ star_view('dim_support_types', form='codes') }}
