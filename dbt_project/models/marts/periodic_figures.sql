{{ release_view('computed_periodic_figures') }}
