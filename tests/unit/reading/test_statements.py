"""Silence is never zero: a form counts as zero only if words say that nothing happened. All data are made up."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from support.messy import LISTS, csv_text
from support.reading import HA_LONG, JUNE, read, rules

from mangnon.contract.forms import all_forms
from mangnon.contract.template import write_template
from mangnon.reading.problems import Problem, RefusedFile

INCIDENT = {"incidents": HA_LONG.lines["incidents"]}
NOTHING: dict[str, list[Any]] = {"incidents": []}


def template(folder: Path, lines: dict[str, list[Any]] | None) -> tuple[Path, openpyxl.Workbook]:
    """A template with these forms, to be changed."""
    path = folder / "a.xlsx"
    write_template(path, LISTS.reporters["193"], JUNE, LISTS, lines)
    return path, openpyxl.load_workbook(path)


def mark(book: openpyxl.Workbook, title: str, *marks: object) -> str:
    """Writes marks into the rows of a form on the cover. Returns the cell of the first."""
    rows = [row for row in book["Bìa"].iter_rows(min_row=12) if row[0].value == title]
    for row, said in zip(rows, marks, strict=False):
        row[1].value = said
    return rows[0][1].coordinate


def refused(path: Path) -> Problem:
    """The problem that refuses the file."""
    with pytest.raises(RefusedFile) as refusal:
        read(path)
    (problem,) = refusal.value.problems
    return problem


def test_a_blank_template_is_no_report(tmp_path: Path) -> None:
    path, _ = template(tmp_path, None)
    problem = refused(path)
    assert problem.id == "no_form.cover"
    assert "“có số liệu”, “không phát sinh” hoặc “chưa có”" in problem.message


@pytest.mark.parametrize("said", ["không phát sinh", "KHÔNG PHÁT SINH", "khong phat sinh", "KPS", "K.P.S"])
def test_words_say_that_nothing_happened(tmp_path: Path, said: str) -> None:
    path, book = template(tmp_path, NOTHING)
    mark(book, "Vụ việc", said)
    book.save(path)
    _, rows, problems = read(path)
    assert rows == {"incidents": []}
    (told,) = [problem for problem in problems if problem.rule == "nothing_happened"]
    assert (told.severity, told.message) == ("info", "Biểu “Vụ việc”: 0 dòng, không phát sinh.")


@pytest.mark.parametrize("said", ["x", "X", "✓", "✔", "√", "☑", "có", True, "có số liệu", "Đã gửi"])
def test_a_form_that_was_sent_is_read_and_asked_about_if_it_is_empty(tmp_path: Path, said: object) -> None:
    path, book = template(tmp_path, INCIDENT)
    mark(book, "Vụ việc", said, said, said)
    book.save(path)
    assert len(read(path)[1]["incidents"]) == len(INCIDENT["incidents"])

    path, book = template(tmp_path, NOTHING)
    mark(book, "Vụ việc", said, said, said)
    book.save(path)
    _, rows, problems = read(path)
    assert rows == {}
    assert rules(problems, "critical") == {"form_empty"}


@pytest.mark.parametrize("said", ["chưa có", "chưa", "chưa có số liệu", "sẽ gửi sau", "không gửi", None, "  "])
def test_a_form_that_will_follow_is_not_reported(tmp_path: Path, said: object) -> None:
    path, book = template(tmp_path, {**INCIDENT, "events": []})
    mark(book, "Hoạt động", said)
    book["Hoạt động"]["A4"] = "Chưa có số liệu, sẽ gửi sau"
    book.save(path)
    cover, rows, problems = read(path)
    assert set(cover.forms) == set(rows) == {"incidents"}
    assert rules(problems, "critical") == set()


@pytest.mark.parametrize("said", ["không", "0", 0, "?", "-", "có 3 dòng", "không có số liệu", "N/A"])
def test_a_mark_that_is_not_known_is_asked_about(tmp_path: Path, said: object) -> None:
    path, book = template(tmp_path, NOTHING)
    cell = mark(book, "Vụ việc", said)
    book.save(path)
    problem = refused(path)
    assert (problem.id, problem.sheet, problem.cell) == ("form_mark.unknown", "Bìa", cell)


def test_two_marks_of_one_form_must_agree(tmp_path: Path) -> None:
    path, book = template(tmp_path, INCIDENT)
    mark(book, "Vụ việc", "có số liệu", "không phát sinh")
    book.save(path)
    assert refused(path).id == "form_mark.contradicts"


def test_nothing_happened_and_rows_contradict_each_other(tmp_path: Path) -> None:
    path, book = template(tmp_path, INCIDENT)
    mark(book, "Vụ việc", "không phát sinh")
    book.save(path)
    _, rows, problems = read(path)
    assert rows == {}
    assert rules(problems, "critical") == {"nothing_but_rows"}


@pytest.mark.parametrize("note", ["Chưa có số liệu, sẽ gửi sau", "sẽ bổ sung", "Tổng cộng"])
def test_a_note_in_an_empty_form_is_no_zero(tmp_path: Path, note: str) -> None:
    path, book = template(tmp_path, NOTHING)
    mark(book, "Vụ việc", "x")
    book["Vụ việc"]["A4"] = note
    if note == "Tổng cộng":
        book["Vụ việc"]["H4"] = 0
    book.save(path)
    assert rules(read(path)[2], "critical") == {"form_empty"}


def test_an_empty_form_that_says_so_itself_is_zero(tmp_path: Path) -> None:
    path, book = template(tmp_path, NOTHING)
    mark(book, "Vụ việc", "x")
    book["Vụ việc"]["A4"] = "Không phát sinh"
    book.save(path)
    assert read(path)[1] == {"incidents": []}


def test_a_form_of_which_nothing_is_to_be_said_needs_no_sheet(tmp_path: Path) -> None:
    path, book = template(tmp_path, {**NOTHING, "events": HA_LONG.lines["events"]})
    del book["Vụ việc"]
    book.save(path)
    cover, rows, _ = read(path)
    assert rows["incidents"] == []
    assert cover.nothing == {"incidents"}


def test_data_in_a_form_that_is_said_to_follow_are_asked_about(tmp_path: Path) -> None:
    path, book = template(tmp_path, {**INCIDENT, "events": HA_LONG.lines["events"]})
    mark(book, "Vụ việc", "chưa có")
    book.save(path)
    problem = refused(path)
    assert (problem.rule, problem.sheet) == ("form_not_announced", "Vụ việc")


def test_a_csv_without_rows_is_no_zero(tmp_path: Path) -> None:
    lines = csv_text(all_forms()["incidents"], HA_LONG).splitlines()
    header = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines[: header + 1]) + "\n")
    assert rules(read(path)[2], "critical") == {"form_empty"}
    path.write_text("\n".join(lines[: header + 1]) + "\nKhông phát sinh" + "," * lines[header].count(",") + "\n")
    assert read(path)[1] == {"incidents": []}


def _row_of(sheet: Worksheet, label: str) -> int:
    return next(cell.row for cell in sheet["A"] if str(cell.value).startswith(label))


@pytest.mark.parametrize(
    ("said", "is_made_up"), [("x", True), ("✓", True), ("có", True), ("", False), ("không", False), ("thật", None)]
)
def test_made_up_data_are_never_taken_for_real(tmp_path: Path, said: str, is_made_up: bool | None) -> None:
    path, book = template(tmp_path, INCIDENT)
    book["Bìa"].cell(_row_of(book["Bìa"], "Dữ liệu mẫu"), 2).value = said
    book.save(path)
    if is_made_up is None:
        assert refused(path).rule == "synthetic_unclear"
    else:
        assert read(path)[0].is_synthetic == is_made_up
