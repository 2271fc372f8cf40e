"""Who may begin and end a transaction: those who act, and nobody below them."""

import re

import pytest

from mangnon.settings import PROJECT

SOURCE = PROJECT / "src" / "mangnon"
# Rooms and modules whose acts are more than one statement.
ACTS = (
    "intake/",
    "deployment/",
    *(f"publishing/{act}.py" for act in ("phases", "decisions", "backfills", "lists", "pruning")),
)


def files_with(pattern: str) -> set[str]:
    """The modules in which the pattern stands."""
    return {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }


def test_only_acts_open_transactions() -> None:
    assert not {module for module in files_with(r"\.transaction\(\)") if not module.startswith(ACTS)}


@pytest.mark.parametrize("word", ["commit", "rollback"])
def test_nobody_ends_the_transaction_of_another(word: str) -> None:
    assert files_with(rf"\.{word}\(\)") == set()
