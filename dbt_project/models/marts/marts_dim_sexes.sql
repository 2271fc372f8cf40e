{{ star_view('dim_sexes', form='codes') }}
