"""How probable a count is, in SQL.

Incidents are few, so two of their counts are compared exactly, as Poisson counts: if both have the same rate then,
given their sum, each is binomial with its share of what both were exposed to (months, children). Nothing is estimated,
and a count of zero is as good as any other. (J. Przyborowski and H. Wilenski, Biometrika 31, 1940.)
"""

# A slip of the pen must not make a million terms; beyond so many, no count is small.
MOST_TERMS = 10_000


def rarer_than(probability: float, count: str, of: str, share: str) -> str:
    """SQL: whether so high or so low a count is rarer than that, if of `of` each falls here with probability `share`.

    Not true where the share is all.
    """
    high = _sum_of_terms(count, of, of, share)
    low = _sum_of_terms("0", count, of, share)
    return f"least({high}, {low}) < {probability}"


def _sum_of_terms(first: str, last: str, of: str, share: str) -> str:
    # PostgreSQL refuses to round what is below 1e-307 to nothing.
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
