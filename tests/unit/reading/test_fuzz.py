"""Mutants of good files are read or refused in words. `make fuzz` tries more of them for longer."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fuzzing.judge import judged
from support.fuzzing.mutants import mutant, seeds

SEEDS, STEP = 200, 25


def test_the_seeds_themselves_are_read_or_refused_as_they_should() -> None:
    for family, files in seeds().items():
        verdicts = [judged(file) for file in files]
        assert {verdict.finding for verdict in verdicts} == {None}
        assert "read" in {verdict.outcome for verdict in verdicts}, family


@pytest.mark.parametrize("first", range(0, SEEDS, STEP))
def test_mutants_are_read_or_refused_in_words(first: int) -> None:
    findings = {
        seed: verdict.finding
        for seed in range(first, first + STEP)
        if (verdict := judged(mutant(Random(seed)))).finding
    }
    assert findings == {}


@settings(max_examples=100)
@given(random=st.randoms(use_true_random=False))
def test_no_mutant_fails(random: Random) -> None:
    assert judged(mutant(random)).finding is None
