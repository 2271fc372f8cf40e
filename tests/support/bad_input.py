"""Submissions of March 2020, one for each way in which a file can be wrong."""

import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template

PERIOD = date(2020, 3, 1)
LISTS = CodeLists.from_package()
EVENT = {
    "area": "193", "event_date": date(2020, 3, 5), "event_type": "communication", "event_count": 2, "attendances": 120,
}  # fmt: skip
GIFT = {"area": "193", "support_type": "gift", "support_turns": 10, "amount_vnd": 4_989_000}


def submission(path: Path, reporter: str = "193", events: int = 2, **cover: object) -> Path:
    """Writes a good workbook of March 2020 with some lines of events and one of beneficiaries. Returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = {"events": [EVENT | {"area": reporter}] * events, "beneficiaries": [GIFT | {"area": reporter}]}
    write_template(path, LISTS.reporters[reporter], PERIOD, LISTS, lines, **cover)  # type: ignore[arg-type]
    return path


def edited(edit: Callable[[openpyxl.Workbook], None]) -> Callable[[Path], None]:
    """Returns a function that writes a good workbook changed by `edit`."""

    def make(path: Path) -> None:
        book = openpyxl.load_workbook(submission(path))
        edit(book)
        book.save(path)

    return make


def cell(sheet: str, field: str, value: object, row: int = 4) -> Callable[[Path], None]:
    """Returns a function that writes a workbook with another value in the column with this title."""

    def edit(book: openpyxl.Workbook) -> None:
        book[sheet].cell(row, _column(book, sheet, field)).value = value

    return edited(edit)


def cover(label: str, value: object) -> Callable[[Path], None]:
    """Returns a function that writes a workbook with another value on its cover."""

    def edit(book: openpyxl.Workbook) -> None:
        row = next(row for row in book["Bìa"].iter_rows() if str(row[0].value).startswith(label))
        row[1].value = value

    return edited(edit)


def without_sheet(name: str) -> Callable[[Path], None]:
    """Returns a function that writes a workbook without a sheet."""
    return edited(lambda book: book.remove(book[name]))


def without_column(sheet: str, title: str) -> Callable[[Path], None]:
    """Returns a function that writes a workbook without a column."""
    return edited(lambda book: book[sheet].delete_cols(_column(book, sheet, title)))


def text(content: bytes) -> Callable[[Path], None]:
    """Returns a function that writes a file with this content."""
    return lambda path: path.parent.mkdir(parents=True, exist_ok=True) or path.write_bytes(content)


def cut_short(path: Path) -> None:
    """Writes a workbook whose second half is missing, as after a broken upload."""
    content = submission(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def formula_error(path: Path) -> None:
    """Writes a workbook in which a formula divides by zero."""
    submission(path)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet3.xml"  # after the cover and the instructions
    parts[sheet] = re.sub(
        rb'<c r="F4"( s="\d+")?><v>120</v></c>', rb'<c r="F4"\1 t="e"><f>1/0</f><v>#DIV/0!</v></c>', parts[sheet]
    )
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)


def other_zip(path: Path) -> None:
    """Writes a zip file that is no workbook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ghi chú.txt", "không phải bảng tính")


def _column(book: openpyxl.Workbook, sheet: str, title: str) -> int:
    return next(cell.column for cell in book[sheet][3] if str(cell.value).startswith(title))


COVER = b"#reporter,193\n#period,2020-03\n#form,events\n#revision,1\n"
HEADER = (
    b"area,event_date,event_type,programme,event_count,attendances,child_attendances,caregiver_attendances,"
    b"official_attendances,collaborator_attendances,delegations,qualifier\n"
)

# name of the case: (file name, how the file is made, the rule, the place, words of the message)
WHOLE_FILE = {
    "empty file": ("a.xlsx", text(b""), "empty_file", None, "rỗng"),
    "text file named .xlsx": ("a.xlsx", text(b"xin chao"), "not_a_workbook", None, "không phải là tệp Excel"),
    "cut short": ("a.xlsx", cut_short, "not_a_workbook", None, "Không mở được"),
    "zip that is no workbook": ("a.xlsx", other_zip, "not_a_workbook", None, "Không mở được"),
    "unknown format": ("a.docx", text(b"xin chao"), "unknown_format", None, "chỉ nhận tệp .xlsx"),
    "no cover": ("a.xlsx", without_sheet("Bìa"), "cover_missing", None, "thiếu trang “Bìa”"),
    "reporter unknown": ("a.xlsx", cover("Mã đơn vị", "999"), "reporter_unknown", None, "mã “999”"),
    "reporter missing": ("a.xlsx", cover("Mã đơn vị", None), "reporter_missing", "B", "Mã đơn vị"),
    "reporter not valid": ("a.xlsx", cover("Mã đơn vị", "204"), "reporter_not_valid", None, "204"),
    "period missing": ("a.xlsx", cover("Kỳ báo cáo", None), "period_missing", "B", "Kỳ báo cáo"),
    "period unreadable": ("a.xlsx", cover("Kỳ báo cáo", "tháng ba"), "period_unreadable", "B", "2020-03"),
    "period in the future": ("a.xlsx", cover("Kỳ báo cáo", "2099-01"), "reporter_not_valid", None, "2099-01"),
    "revision zero": ("a.xlsx", cover("Lần gửi", 0), "revision_unreadable", "B", "số nguyên từ 1"),
    "CSV without cover": ("a.csv", text(HEADER), "cover_missing", None, "#reporter"),
    "CSV of no known form": ("a.csv", text(COVER.replace(b"events", b"su kien")), "form_unknown", "B3", "su kien"),
    "CSV in another encoding": ("a.csv", text(b"#reporter,H\xe2\xf2 Long\n"), "not_utf8", None, "UTF-8"),
}
WHOLE_FORM = {
    "sheet missing": ("a.xlsx", without_sheet("Hoạt động"), "sheet_missing", None, "Hoạt động"),
    "column missing": ("a.xlsx", without_column("Hoạt động", "Số buổi"), "column_missing", None, "Số buổi"),
    "money without unit": (
        "a.xlsx", edited(lambda book: book["Đối tượng thụ hưởng"].cell(3, 13, "Số tiền")), "unit_missing", "M3",
        "đơn vị",
    ),
    "formula with an error": ("a.xlsx", formula_error, "formula_error", "F4", "#DIV/0!"),
    "CSV without header": ("a.csv", text(COVER), "header_missing", None, "tiêu đề"),
}  # fmt: skip
ONE_ROW = {
    "unknown code": ("a.xlsx", cell("Hoạt động", "Loại hoạt động", "họp lớp"), "unknown_code", "C4", "họp lớp"),
    "area of another district": ("a.xlsx", cell("Hoạt động", "Địa bàn", "194"), "code_not_valid", "A4", "194"),
    "letters in a number": ("a.xlsx", cell("Hoạt động", "Tổng lượt", "mười"), "not_a_number", "F4", "Không phải là số"),
    "negative count": ("a.xlsx", cell("Hoạt động", "Số buổi", -2), "below_minimum", "E4", "nhỏ hơn 0"),
    "fraction of a count": ("a.xlsx", cell("Hoạt động", "Số buổi", "2,5"), "fraction", "E4", "số nguyên"),
    "ambiguous count": ("a.xlsx", cell("Hoạt động", "Tổng lượt", 49.98), "ambiguous_number", "F4", "49,98"),
    "ambiguous money": ("a.xlsx", cell("Đối tượng thụ hưởng", "Số tiền", 4.989), "ambiguous_number", "M4", "4,989"),
    "date outside the period": (
        "a.xlsx", cell("Hoạt động", "Ngày", date(2020, 4, 1)), "date_outside_period", "B4", "01/04/2020",
    ),
    "no date": ("a.xlsx", cell("Hoạt động", "Ngày", "mùng 5"), "not_a_date", "B4", "ngày/tháng/năm"),
    "required cell empty": ("a.xlsx", cell("Hoạt động", "Loại hoạt động", None), "required", "C4", "bắt buộc"),
    "CSV row too short": (
        "a.csv", text(COVER + HEADER + b"193,,communication\n"), "wrong_number_of_columns", None, "12 ô",
    ),
}  # fmt: skip
