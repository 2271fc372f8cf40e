"""The feedback to a reporter: its own file with the wrong cells marked, behind a sheet that says what to do."""
