"""Lists of reference data that differ from those of the package."""

from pathlib import Path

from mangnon.contract.code_lists import REFERENCE_FOLDER
from mangnon.publishing import lists
from mangnon.publishing.lists import Outcome


def packaged(form: str) -> str:
    """Returns the text of a packaged list."""
    return (REFERENCE_FOLDER / f"{form}.csv").read_text(encoding="utf-8")


def changed(form: str, old: str, new: str) -> str:
    """Returns the text of a packaged list in which something was replaced."""
    text = packaged(form)
    assert old in text
    return text.replace(old, new)


def deliver(folder: Path, form: str, text: str) -> Outcome:
    """Delivers a list. Returns what became of it."""
    path = folder / f"{form}.csv"
    path.write_text(text, encoding="utf-8")
    (outcome,) = lists.deliver([path], "thử", "a test")
    return outcome
