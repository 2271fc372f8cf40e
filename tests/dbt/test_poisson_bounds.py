"""The intervals beside small numbers are exact: checked by sums of probabilities, not by the formula that made them."""

import math
import re

import pytest

from mangnon.settings import PROJECT

MODEL = PROJECT / "dbt_project" / "models" / "core" / "intermediate" / "int_poisson_bounds.sql"
BOUNDS = {
    int(counted): (float(low), float(high))
    for counted, low, high in re.findall(r"\((\d+), ([\d.]+), ([\d.]+)\)", MODEL.read_text(encoding="utf-8"))
}


def at_most(counted: int, expected: float) -> float:
    """The probability of so many or fewer when `expected` are expected."""
    return math.fsum(
        math.exp(number * math.log(expected) - expected - math.lgamma(number + 1)) for number in range(counted + 1)
    )


def test_the_numbers_from_0_to_100_have_bounds():
    assert list(BOUNDS) == list(range(101))
    assert BOUNDS[0][0] == 0


@pytest.mark.parametrize("counted", range(101))
def test_beyond_each_bound_lies_a_probability_of_one_fortieth(counted: int):
    low, high = BOUNDS[counted]
    assert at_most(counted, high) == pytest.approx(0.025, abs=1e-6)
    if counted:
        assert 1 - at_most(counted - 1, low) == pytest.approx(0.025, abs=1e-6)
