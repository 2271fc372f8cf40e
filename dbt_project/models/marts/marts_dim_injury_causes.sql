{{ star_view('dim_injury_causes', form='codes') }}
