{{ code_dimension('support_types', 'support_type') }}
