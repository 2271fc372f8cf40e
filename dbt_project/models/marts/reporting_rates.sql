{{ release_view('computed_reporting_rates') }}
