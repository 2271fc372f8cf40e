{{ code_dimension('special_circumstances', 'special_circumstance', kind='circumstance_kind') }}
