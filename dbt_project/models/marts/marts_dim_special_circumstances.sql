{{ star_view('dim_special_circumstances', form='codes') }}
