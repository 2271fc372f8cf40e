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
EVENTS = HA_LONG.lines["events"]
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


def refused_alone(path: Path) -> Problem:
    """The problem that refuses the incidents of a file in which another form, of one row, is in order."""
    cover, rows, problems = read(path)
    assert set(cover.forms) == {"events", "incidents"}
    assert {name: len(lines) for name, lines in rows.items()} == {"events": len(EVENTS)}
    (problem,) = (problem for problem in problems if problem.severity == "critical")
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
def test_a_mark_that_is_not_known_is_asked_about_and_the_other_forms_are_read(tmp_path: Path, said: object) -> None:
    path, book = template(tmp_path, {**NOTHING, "events": EVENTS})
    cell = mark(book, "Vụ việc", said)
    book.save(path)
    problem = refused_alone(path)
    assert (problem.id, problem.sheet, problem.cell) == ("form_mark.unknown", "Bìa", cell)


def test_two_marks_of_one_form_must_agree(tmp_path: Path) -> None:
    path, book = template(tmp_path, {**INCIDENT, "events": EVENTS})
    mark(book, "Vụ việc", "có số liệu", "không phát sinh")
    book.save(path)
    assert refused_alone(path).id == "form_mark.contradicts"


def test_a_total_that_no_sum_can_have_refuses_its_form_alone(tmp_path: Path) -> None:
    path, book = template(tmp_path, {**INCIDENT, "events": EVENTS})
    cell = mark(book, "Vụ việc", "có số liệu").replace("B", "D")
    book["Bìa"][cell].value = 1e15
    book.save(path)
    problem = refused_alone(path)
    assert (problem.id, problem.sheet, problem.cell) == ("total_unreadable.cover", "Bìa", cell)


def test_a_file_of_which_no_form_is_clear_is_refused_form_by_form(tmp_path: Path) -> None:
    path, book = template(tmp_path, INCIDENT)
    cell = mark(book, "Vụ việc", "?")
    book.save(path)
    cover, rows, problems = read(path)
    assert (cover.reporter_code, set(cover.forms), rows) == ("193", {"incidents"}, {})
    (problem,) = (problem for problem in problems if problem.severity == "critical")
    assert (problem.id, problem.cell) == ("form_mark.unknown", cell)


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
    path, book = template(tmp_path, {**NOTHING, "events": EVENTS})
    del book["Vụ việc"]
    book.save(path)
    cover, rows, _ = read(path)
    assert rows["incidents"] == []
    assert cover.nothing == {"incidents"}


def test_data_in_a_form_that_is_said_to_follow_are_asked_about(tmp_path: Path) -> None:
    path, book = template(tmp_path, {**INCIDENT, "events": EVENTS})
    mark(book, "Vụ việc", "chưa có")
    book.save(path)
    problem = refused_alone(path)
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


@pytest.mark.parametrize("wrong", ["a month", "a revision", "nothing at all"])
def test_a_file_that_cannot_be_read_still_says_whom_to_answer(tmp_path: Path, wrong: str) -> None:
    path, book = template(tmp_path, INCIDENT)
    if wrong == "a month":
        book["Bìa"].cell(_row_of(book["Bìa"], "Kỳ báo cáo"), 2).value = "quý I"
    elif wrong == "a revision":
        book["Bìa"].cell(_row_of(book["Bìa"], "Lần gửi"), 2).value = "đầu"
    else:
        mark(book, "Vụ việc", None)
        book["Vụ việc"].delete_rows(4, 50)
    book.save(path)
    with pytest.raises(RefusedFile) as refusal:
        read(path)
    assert refusal.value.reporter == "193"


def test_a_csv_and_a_sheet_by_hand_say_whom_to_answer_too(tmp_path: Path) -> None:
    text = csv_text(all_forms()["incidents"], HA_LONG).replace("#period,2020-06", "#period,quý I")
    (tmp_path / "a.csv").write_text(text)
    title = "UBND huyện Ba Chẽ,,,\n" + "\n".join(text.splitlines()[6:])
    (tmp_path / "b.csv").write_text(title)
    for name, code in (("a.csv", "193"), ("b.csv", "202")):
        with pytest.raises(RefusedFile) as refusal:
            read(tmp_path / name)
        assert refusal.value.reporter == code
