{{ code_dimension('sexes', 'sex') }}
