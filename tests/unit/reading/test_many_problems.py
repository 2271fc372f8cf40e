"""A form with more problems than anybody mends one by one names the first, and counts the others."""

from pathlib import Path

from support.messy import csv_text
from support.reading import HA_LONG, read

from mangnon.contract.forms import all_forms
from mangnon.reading.reader import MOST_PROBLEMS


def test_problems_that_are_not_named_are_counted(tmp_path: Path) -> None:
    lines = csv_text(all_forms()["incidents"], HA_LONG).splitlines()
    header = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    # An area and a class that no list has.
    wrong = "Huyện Không Có,không có loại này" + "," * (lines[header].count(",") - 1)
    path = tmp_path / "a.csv"
    path.write_text("\n".join([*lines[: header + 2], *[wrong] * MOST_PROBLEMS]) + "\n", encoding="utf-8")
    problems = read(path)[2]
    named = [problem for problem in problems if problem.severity == "critical" and problem.row is not None]
    (counted,) = (problem for problem in problems if problem.rule == "more_problems")
    assert (len(named), counted.values["more"]) == (MOST_PROBLEMS, MOST_PROBLEMS)
