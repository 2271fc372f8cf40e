{{ release_view('computed_quality_by_rule') }}
