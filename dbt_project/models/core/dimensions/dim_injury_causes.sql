{{ code_dimension('injury_causes', 'injury_cause') }}
