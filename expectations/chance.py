"""How probable a count is, in SQL: exact tails of the Poisson and the binomial distribution, for small counts."""

MOST_TERMS = 10_000


def poisson_at_least(count: str, expected: str) -> str:
    """SQL: how probable it is that a Poisson count of this expectation (above 0) is `count` or more."""
    return f"(1 - {_sum_of(_poisson(expected), '0', f'({count}) - 1')})"


def poisson_at_most(count: str, expected: str) -> str:
    """SQL: how probable it is that a Poisson count of this expectation (above 0) is `count` or fewer."""
    return _sum_of(_poisson(expected), "0", count)


def binomial_at_least(count: str, of: str, share: str) -> str:
    """SQL: how probable it is that `count` or more of so many fall to a part that has this share (between 0 and 1)."""
    return _sum_of(_binomial(of, share), count, of)


def binomial_at_most(count: str, of: str, share: str) -> str:
    """SQL: how probable it is that `count` or fewer of so many fall to a part that has this share (between 0 and 1)."""
    return _sum_of(_binomial(of, share), "0", count)


def _poisson(expected: str) -> str:
    return f"number * ln({expected}) - ({expected}) - lgamma(number + 1)"


def _binomial(of: str, share: str) -> str:
    return f"""
        lgamma({of} + 1) - lgamma(number + 1) - lgamma({of} - number + 1)
        + number * ln({share}) + ({of} - number) * ln(1 - {share})
    """


def _sum_of(logarithm: str, first: str, last: str) -> str:
    # PostgreSQL refuses to round what is below 1e-307 to nothing; and a slip of the pen must not make a million terms.
    return f"""(
        select coalesce(sum(exp(greatest(({logarithm})::double precision, -700))), 0)
        from generate_series(({first})::bigint, least(({last})::bigint, ({first})::bigint + {MOST_TERMS}))
            as numbers (number)
    )"""
