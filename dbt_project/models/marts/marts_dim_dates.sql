{{ static_view('dim_dates') }}
