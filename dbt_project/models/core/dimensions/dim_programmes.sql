{{ code_dimension('programmes', 'programme', kind='programme_kind') }}
