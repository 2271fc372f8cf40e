{{ star_view('bridge_area_successions', form='successions') }}
