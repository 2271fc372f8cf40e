"""The probability of a count, in SQL.

Incidents are few, so two counts of them are compared exactly, as Poisson counts. If both have the same rate, then given
their sum each count is binomial, with its share of the total exposure (months, children). Nothing is estimated, and a
count of zero is as good as any other. (J. Przyborowski and H. Wilenski, Biometrika 31, 1940.)
"""

# Without a limit, a slip of the pen could make a million terms. No count beyond this limit is small.
MOST_TERMS = 10_000


def rarer_than(probability: float, count: str, of: str, share: str) -> str:
    """Returns SQL: whether a count as high, or as low, as `count` is rarer than `probability`.

    Each of the `of` incidents falls into the count with probability `share`. The SQL is not true if the share is 1.
    """
    high = _sum_of_terms(count, of, of, share)
    low = _sum_of_terms("0", count, of, share)
    return f"least({high}, {low}) < {probability}"


def _sum_of_terms(first: str, last: str, of: str, share: str) -> str:
    # PostgreSQL raises an error, instead of rounding to zero, for numbers below 1e-307.
    return f"""(
        select sum(
            exp(
                greatest(
                    lgamma({of} + 1) - lgamma(number + 1) - lgamma({of} - number + 1)
                    + number * ln({share}) + ({of} - number) * ln(nullif(1 - {share}, 0)),
                    case when {share} < 1 then -700 end
                )
            )
        )
        from generate_series({first}::bigint, least({last}::bigint, {first}::bigint + {MOST_TERMS})) as terms (number)
    )"""
