"""The parts of docs/reading.md that follow from the corpus of field files and from the catalogue of problems.

`PYTHONPATH=tests python -m support.corpus` writes them.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mangnon.reading.problems import Severity, catalogue, rule_of

FOLDER = Path(__file__).parents[1] / "fixtures" / "field"
TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reading.md"
# Rules that no small file of one moment can break, and the tests that stand for them.
ELSEWHERE = {
    "hostile_file": "unit/reading/test_hostile_files.py",
    "too_large": "unit/reading/test_hostile_files.py",
    "file_too_heavy": "unit/reading/test_isolation.py",
    "reading_failed": "integration/intake/test_isolation.py",
    "set_aside": "integration/intake/test_isolation.py",
    "legacy_font": "unit/reading/test_sources.py",
    "reporter_not_of_place": "unit/reading/test_places.py",
    "reference_not_here": "integration/intake/test_places.py",
    "too_many_bad_rows": "unit/reading/test_isolation.py",
    "more_problems": "unit/reading/test_many_problems.py",
    "ambiguous_code": "unit/reading/test_values.py",
}
# Rules of the lists of reference data, which no reporter sends.
OF_LISTS = re.compile("list_.*|not_a_list")


@cache
def files() -> dict[str, dict[str, Any]]:
    """Returns what must come out of each file, by its name."""
    table: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "files.yml").read_text(encoding="utf-8"))
    return table


def findings(name: str) -> list[str]:
    """Returns the ids of what must be found in a file."""
    one = files()[name]
    return [*one.get("notes", ()), *(place[0] for place in one.get("refused", ()))]


def example(rule: str) -> str | None:
    """Returns the file that shows a rule best, because little else is found in it; None without one."""
    showing = [name for name in files() if rule in map(rule_of, findings(name))]
    return min(showing, key=lambda name: (len(findings(name)), name), default=None)


def understood() -> Iterator[str]:
    """Yields the lines on what is read: without a word, then with a note."""
    yield from ("| what | e.g. |", "|---|---|")
    yield from (f"| {one['shows']} | `{name}` |" for name, one in files().items() if "shows" in one)
    yield from ("", "What follows is noted with the load, because it was inferred or not read:", "")
    yield from _rules("info")


def refused() -> Iterator[str]:
    """Yields the lines on what is refused: a row, a form or the file."""
    yield from _rules("critical")


def _rules(severity: Severity) -> Iterator[str]:
    yield from ("| what | id | e.g. |", "|---|---|---|")
    for rule, declared in catalogue().items():
        if declared.severity == severity and not OF_LISTS.fullmatch(rule):
            yield f"| {declared.means.strip()} | `{rule}` | `{example(rule) or f'tests/{ELSEWHERE[rule]}'}` |"


def numbers() -> Iterator[str]:
    """Yields the lines on how many files are read, and each finding with how many files stand for it."""
    table = files()
    makers = {one["by"].partition(" (")[0] for one in table.values()}
    whole = sum("refused" not in one for one in table.values())
    part = sum("refused" in one and any(one["rows"].values()) for one in table.values())
    yield f"{len(table)} files by {len(makers)} makers: {', '.join(sorted(makers))}."
    yield f"{whole} are read; of {part} the good rows or forms are read and the others refused;"
    yield f"{len(table) - whole - part} are refused. None is read wrongly."
    strict = {name: one["too_strict"] for name, one in table.items() if "too_strict" in one}
    yield f"Refused too strictly: {len(strict)} ({'; '.join(f'`{name}`: {why}' for name, why in strict.items())})."
    found: dict[str, set[str]] = defaultdict(set)
    for name in table:
        for finding in findings(name):
            found[finding].add(name)
    yield ""
    yield (
        "Files by finding: " + ", ".join(f"`{finding}` {len(names)}" for finding, names in sorted(found.items())) + "."
    )


PARTS: dict[str, Callable[[], Iterator[str]]] = {"understood": understood, "refused": refused, "numbers": numbers}


def page() -> str:
    """Returns the page with today's parts."""
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in PARTS.items():
        begin, end = f"<!-- {name}, made by tests/support/corpus.py -->", "<!-- end -->"
        part = "\n".join(lines())
        text = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{part}\n{end}", text, flags=re.S)  # noqa: B023
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
