"""Mutants of good files are read or refused in words. `make fuzz` tries more of them for longer."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from support.fuzzing.judge import judged
from support.fuzzing.mutants import mutant, seeds

SEEDS = range(150, 300)  # 207 was a finding


def test_the_good_files_are_read() -> None:
    for family, files in seeds().items():
        verdicts = [judged(file) for file in files]
        assert {verdict.finding for verdict in verdicts} == {None}
        assert "read" in {verdict.outcome for verdict in verdicts}, family


def test_the_same_mutants_are_read_or_refused_in_words() -> None:
    verdicts = {seed: judged(mutant(Random(seed))) for seed in SEEDS}
    assert {seed: verdict.finding for seed, verdict in verdicts.items() if verdict.finding} == {}
    assert {verdict.outcome for verdict in verdicts.values()} == {"read", "refused"}


@settings(max_examples=50)
@given(random=st.randoms(use_true_random=False))
def test_other_mutants_are_read_or_refused_in_words(random: Random) -> None:
    assert judged(mutant(random)).finding is None
