{{ release_view('computed_area_borders') }}
