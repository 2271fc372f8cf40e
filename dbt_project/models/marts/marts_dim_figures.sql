{{ star_view('dim_figures', form='figures') }}
