{{ code_dimension('event_types', 'event_type') }}
