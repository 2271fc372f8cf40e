"""Files as clerks and programs write them: tests/fixtures/field/files.yml says what must come out of each."""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc
import pytest
from support import corpus
from support.corpus import FOLDER
from support.messy import LISTS

from mangnon.contract.code_lists import OFFICE
from mangnon.reading.delivery import FileRefused, FormBegun, FormRead, FormRefused, read_delivery
from mangnon.reading.problems import Problem, catalogue
from mangnon.reading.reader import ReadBlock

FILES = corpus.files()


@dataclass
class Outcome:
    rows: dict[str, int] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)


def outcome(path: Path) -> Outcome:
    """Reads a file as a night does."""
    found, form = Outcome(), ""
    for message in read_delivery(path, path.name, LISTS, OFFICE, None):
        if isinstance(message, FileRefused | FormRefused):
            found.refused += message.problems
        elif isinstance(message, FormBegun):
            form = message.form
            found.notes += message.notes
        elif isinstance(message, FormRead):
            found.notes += message.notes
        elif isinstance(message, ReadBlock):
            found.rows[form] = found.rows.get(form, 0) + message.rows.num_rows
            found.refused += message.problems
            for name in {"attendances", "victims"} & set(message.rows.column_names):
                found.sums[name] = found.sums.get(name, 0) + (pc.sum(message.rows[name]).as_py() or 0)
    return found


@pytest.mark.parametrize("name", FILES)
def test_what_comes_out_of_a_file(name: str) -> None:
    expected, found = FILES[name], outcome(FOLDER / name)
    assert found.rows == expected["rows"]
    assert {name: total for name, total in found.sums.items() if total} == expected.get("sums", {})
    assert set(expected.get("notes", [])) <= {note.id for note in found.notes}
    places = {(problem.id, problem.cell or f"dòng {problem.row}"): problem.message for problem in found.refused}
    for problem_id, cell, words in (
        (*place, *("dòng None", "")[len(place) - 1 :]) for place in expected.get("refused", [])
    ):
        assert words in places.get((problem_id, cell), "no such problem")
    assert bool(found.refused) == ("refused" in expected)
    for problem in [*found.notes, *found.refused]:
        assert problem.message
        assert "None" not in problem.message


def test_every_file_is_in_the_table_and_in_the_readme() -> None:
    files = {path.name for path in FOLDER.iterdir()} - {"README.md", "files.yml"}
    assert files == set(FILES)


def test_the_page_of_reading_shows_the_corpus() -> None:
    text = corpus.PAGE.read_text(encoding="utf-8")
    assert text == corpus.page(), "run: PYTHONPATH=tests python -m support.corpus"
    assert all(f"<!-- {name}, made by" in text for name in corpus.PARTS)


def test_every_rule_has_a_file_that_shows_it_or_a_test() -> None:
    without_file = {rule for rule in catalogue() if not corpus.OF_LISTS.fullmatch(rule) and not corpus.example(rule)}
    assert without_file == set(corpus.ELSEWHERE)
    for rule, path in corpus.ELSEWHERE.items():
        assert rule in (corpus.TESTS / path).read_text(encoding="utf-8")


def test_a_file_that_stands_for_what_is_read_without_a_word_is_read_so() -> None:
    shown = [name for name, expected in FILES.items() if "shows" in expected]
    assert shown
    assert not any(corpus.findings(name) for name in shown)
