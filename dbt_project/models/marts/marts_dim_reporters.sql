{{ star_view('dim_reporters', form='reporters') }}
