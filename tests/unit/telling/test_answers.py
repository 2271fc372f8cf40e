"""The answer to any workbook holds its own sheets, and no file harms whoever writes it. All data are made up."""

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.messy import LISTS
from support.reading import FROM_OFFICES, HA_LONG, JUNE, read

from mangnon.contract.template import write_template
from mangnon.reading.isolation import limits
from mangnon.telling.feedback.apart import write_workbook
from mangnon.telling.feedback.findings import Feedback, Finding, Outcome

FIELD = FROM_OFFICES.with_name("field")
MARCH = date(2021, 3, 1)


def feedback(
    file_name: str, sheet: str, cell: str, form: str = "incidents", period: date = JUNE, reporter: str = "193"
) -> Feedback:
    """What is said of a file in which this cell is wrong."""
    finding = Finding(form, "unknown_code", "critical", "…", sheet=sheet, row=12, field="area", cell=cell, value="?")
    return Feedback(
        delivery_id=1, sha256="0" * 64, file_name=file_name, received_at=datetime.now(UTC), is_synthetic=True,
        revision=1, next_revision=2, period=period, reporter=LISTS.reporters[reporter],
        outcomes=[Outcome(1, form, "refused", None, None, None, 0)], findings=[finding], totals={"critical": 1},
    )  # fmt: skip


def answered(original: Path, sheet: str, cell: str, folder: Path, **said: Any) -> Path:
    """The answer to a file."""
    path = folder / "answer.xlsx"
    write_workbook(path, feedback(original.name, sheet, cell, **said), original, [], LISTS)
    return path


def words_of(book: openpyxl.Workbook) -> str:
    """What the summary says."""
    return str([[cell.value for cell in row] for row in book["Phản hồi"]])


@pytest.mark.parametrize("name", ["200-2020-03.xls", "201-2020-06.ods"])
def test_other_programs_get_their_own_sheets_back_and_may_mend_them(name: str, tmp_path: Path) -> None:
    original = FROM_OFFICES / name
    sheet = next(problem.sheet for problem in read(original)[2] if problem.sheet and problem.cell)
    path = answered(original, sheet, "B12", tmp_path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[0] == "Phản hồi"
    assert book[sheet]["B12"].comment.text.startswith("PHẢI SỬA: ")
    assert "Có thể sửa ngay trong tệp này" in words_of(book)
    cover, rows, problems = read(path)
    assert (cover.reporter_code, cover.period) == (read(original)[0].reporter_code, read(original)[0].period)
    assert rows == read(original)[1], "what comes back reads like what was sent"
    assert not [problem for problem in problems if problem.severity == "critical"]
    assert not [problem for problem in problems if problem.sheet == "Phản hồi"], (
        "its own sheet is known when it comes back"
    )


@pytest.mark.parametrize("name", ["libreoffice-mau-dien.ods", "libreoffice-mau-dien.xls"])
def test_the_template_of_other_programs_comes_back_as_the_template(name: str, tmp_path: Path) -> None:
    path = answered(FIELD / name, "Hoạt động", "A4", tmp_path, period=MARCH)
    book = openpyxl.load_workbook(path)
    assert "chỉ có giá trị" not in words_of(book)
    sheet = book["Hoạt động"]
    drop_downs = {str(limit.sqref)[:2] for limit in sheet.data_validations.dataValidation if limit.type == "list"}
    assert {"A4", "C4", "D4", "L4"} == drop_downs
    assert (sheet.freeze_panes, sheet["A3"].fill.fgColor.rgb) == ("A4", "FF1F5C3A")
    assert {sheet[cell].number_format for cell in ("E4", "F4")} == {"#,##0"}
    assert book["Danh mục"].sheet_state == "hidden"
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] in ([], ["Phản hồi"])
    assert read(path)[1] == read(FIELD / name)[1]


def test_drop_downs_with_other_choices_are_not_offered(tmp_path: Path) -> None:
    # The file's own lists name the area of 193.
    original = FIELD / "libreoffice-mau-dien.ods"
    book = openpyxl.load_workbook(answered(original, "Hoạt động", "A4", tmp_path, period=MARCH, reporter="194"))
    assert not [limit for sheet in book for limit in sheet.data_validations.dataValidation]
    assert "chỉ có giá trị: không có danh sách chọn" in words_of(book)
    assert book["Hoạt động"]["A4"].value == "Thành phố Hạ Long"


def merged_without_end(path: Path) -> Path:
    """A template whose instructions have one merged cell of sixteen thousand million cells."""
    write_template(path, LISTS.reporters["193"], JUNE, LISTS, HA_LONG.lines)
    parts = {name: zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist()}
    merged = b'</sheetData><mergeCells count="1"><mergeCell ref="F50:XFD1048576"/></mergeCells>'
    parts["xl/worksheets/sheet2.xml"] = parts["xl/worksheets/sheet2.xml"].replace(b"</sheetData>", merged, 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return path


def test_a_file_that_openpyxl_would_blow_up_harms_nobody(tmp_path: Path) -> None:
    original = merged_without_end(tmp_path / "a.xlsx")
    before = limits.address_space()
    book = openpyxl.load_workbook(answered(original, "Vụ việc", "B4", tmp_path))
    assert book.sheetnames[0] == "Phản hồi"
    assert limits.address_space() - before < limits.MEMORY / 4


def test_a_broken_file_is_answered_without_its_sheets(tmp_path: Path) -> None:
    original = tmp_path / "a.xlsx"
    original.write_bytes(b"PK\x03\x04 cut off")
    assert openpyxl.load_workbook(answered(original, "Vụ việc", "B4", tmp_path)).sheetnames == ["Phản hồi"]
