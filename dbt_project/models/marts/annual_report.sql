{{ release_view('computed_annual_report') }}
