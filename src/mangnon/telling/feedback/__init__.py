"""What a reporter gets back: its own file, its wrong cells marked, and first of all a sheet that says what to do."""
