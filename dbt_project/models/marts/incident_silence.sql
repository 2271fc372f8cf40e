{{ release_view('computed_incident_silence') }}
