{{ code_dimension('occasions', 'occasion') }}
