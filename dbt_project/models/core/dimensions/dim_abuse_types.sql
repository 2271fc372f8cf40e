{{ code_dimension('abuse_types', 'abuse_type') }}
