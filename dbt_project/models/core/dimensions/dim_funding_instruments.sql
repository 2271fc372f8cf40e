{{ code_dimension(
    'funding_instruments', 'funding_instrument', kind='funding_kind', columns=['valid_from', 'valid_until']
) }}
