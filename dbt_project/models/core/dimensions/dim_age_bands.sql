{{ code_dimension('age_bands', 'age_band', columns=['from_age', 'until_age']) }}
