"""Submissions as districts write them: the lines of a clean submission, written in many other ways.

For .xls and .ods see tests/fixtures/office/README.md: an office program saved those files from `workbook`.
"""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.styles import Font
from viparse.normalize.encodings import CHARMAPS

from mangnon.contract.code_lists import CodeLists, Reporter
from mangnon.contract.forms import Field, Form, all_forms
from mangnon.contract.template import choices
from mangnon.sample.submissions import Submission, submissions

LISTS = CodeLists.from_package()
EXCEL_EPOCH = date(1899, 12, 30)
Line = dict[str, Any]

SHEETS = {
    "events": "Biểu 1 - Hoạt động",
    "beneficiaries": "2. Đối tượng thụ hưởng",
    "incidents": "VU VIEC",
    "programme_sites": "Biểu số 4: Các mô hình",
    "child_population": "V. Tình hình trẻ em",
}
# Headers of several rows. The header of any other field is its title.
PARENT = "Số lượt người tham dự"
GROUPED = {
    "attendances": (PARENT, "Tổng số"),
    "child_attendances": (PARENT, "Trong đó", "Trẻ em"),
    "caregiver_attendances": (PARENT, "Trong đó", "Cha mẹ, người nuôi dưỡng"),
    "official_attendances": (PARENT, "Trong đó", "Cán bộ"),
    "collaborator_attendances": (PARENT, "Trong đó", "CTV"),
}


@dataclass(frozen=True)
class Style:
    """How a reporter writes a workbook."""

    text: Callable[[str], str] = str
    font: str = "Times New Roman"
    revision: int | None = 2
    numbers_as_text: bool = False
    serial_days: bool = False
    nil: str = ""  # for zero
    money: str = "đồng"
    is_unit_above: bool = False
    reporter: str = ""
    period: str = ""


def without_diacritics(text: str) -> str:
    """Returns a text without diacritics: `Ha Long` for `Hạ Long`."""
    plain = unicodedata.normalize("NFD", text).replace("Đ", "D").replace("đ", "d")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def in_font(encoding: str) -> Callable[[str], str]:
    """Returns a function from a text to the letters that show it in an old font."""
    letters: dict[str, str] = {}
    for legacy, letter in CHARMAPS[encoding].pairs:
        letters.setdefault(letter, legacy)
    if encoding == "tcvn3":  # it has no capitals with tones; the font .VnTimeH shows small letters as capitals
        letters |= {letter.upper(): legacy for letter, legacy in letters.items() if letter.upper() not in letters}
    return lambda text: "".join(letters.get(letter, letter) for letter in unicodedata.normalize("NFC", text))


def mojibake(text: str) -> str:
    """Returns a text whose UTF-8 was decoded as Windows-1252."""
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode()
    )


@cache
def sample() -> dict[tuple[str, date], Submission]:
    """Returns the sample's submissions by reporter and month."""
    return {(submission.reporter, submission.period): submission for submission in submissions()}


def submission(reporter: str, period: date) -> Submission:
    """Returns the sample's submission of a reporter and month."""
    return sample()[reporter, period]


def workbook(path: Path, sent: Submission, style: Style = Style(), forms: Sequence[str] = ()) -> Path:
    """Writes a workbook without a cover, but with titles, headers of three rows, sections, totals and notes."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.create_sheet(style.text("Ghi nhớ"))["A1"] = style.text("Trang này không phải là biểu")
    reporter = LISTS.reporters[sent.reporter]
    for name in forms or sent.lines:
        sheet = book.create_sheet(style.text(SHEETS[name]).replace(":", ""))
        for row in grid(all_forms()[name], sent.lines[name], reporter, sent.period, style):
            sheet.append([style.text(cell) if isinstance(cell, str) else cell for cell in row])
        merge_header(sheet, all_forms()[name])
        for row in sheet.iter_rows():
            for cell in row:
                cell.font = Font(name=style.font)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def columns(form: Form) -> list[tuple[Field | None, tuple[str, ...]]]:
    """Returns the columns in another order, after a column of ordinal numbers and before a column of notes."""
    paths = GROUPED if form.name == "events" else {}
    fields = [field for field in form.fields if field.name not in paths]
    grouped = [field for field in form.fields if field.name in paths]
    titled = [(field, paths.get(field.name, (field.title,))) for field in [fields[0], *fields[:0:-1], *grouped]]
    return [(None, ("STT",)), *titled, (None, ("Ghi chú",))]


def grid(form: Form, lines: Sequence[Line], reporter: Reporter, period: date, style: Style) -> list[list[Any]]:
    """Returns the cells of a sheet, by row."""
    placed = columns(form)
    name = style.reporter or reporter.name.upper()
    when = style.period or f"Tháng {period.month} năm {period.year}"
    rows: list[list[Any]] = [
        [name, *[""] * (len(placed) - 3), f"Hạ Long, ngày 05 tháng {period.month % 12 + 1} năm {period.year}"],
        ["", "BÁO CÁO CÔNG TÁC TRẺ EM · DỮ LIỆU MẪU, GIẢ ĐỊNH"],
        ["", when],
        ["", f"Lần gửi: {style.revision}" if style.revision else ""],
        ["", "Lý do gửi lại: sửa số liệu"],
        ["", f"ĐVT: {style.money}" if style.is_unit_above else ""],
    ]
    for level in range(3):
        rows.append([_header(field, path, level, style) for field, path in placed])
    rows.append([f"({number})" for number in range(1, len(placed) + 1)])
    half = len(lines) // 2
    rows.append(["I", "", *[""] * (len(placed) - 2)])
    rows += [_row(number, placed, line, reporter, period, style) for number, line in enumerate(lines[:half], 1)]
    rows.append([""] * len(placed))
    rows.append(["II", "Các dòng còn lại", *[""] * (len(placed) - 2)])
    rows += [_row(number, placed, line, reporter, period, style) for number, line in enumerate(lines[half:], half + 1)]
    rows.append(_totals(form, placed, lines, style))
    rows += [[], ["(*) Số liệu tính đến cuối tháng."], ["", "NGƯỜI LẬP BIỂU", "", "TRƯỞNG PHÒNG"], ["", "Nguyễn Văn A"]]
    return rows


def merge_header(sheet: Any, form: Form) -> None:
    """Merges the cells that one header covers, as people do."""
    placed = columns(form)
    for column, (_, path) in enumerate(placed, start=1):
        sheet.merge_cells(start_row=6 + len(path), end_row=9, start_column=column, end_column=column)
    for level in range(2):
        texts = [path[level] if len(path) > level + 1 else None for _, path in placed]
        for text in dict.fromkeys(text for text in texts if text):
            at = [column for column, other in enumerate(texts, start=1) if other == text]
            row = 7 + level
            sheet.merge_cells(start_row=row, end_row=row, start_column=at[0], end_column=at[-1])


def csv_text(form: Form, sent: Submission, separator: str = ",", revision: int = 2, **cover: str) -> str:
    """Returns a CSV with its cover, with the headers and labels of the template."""
    reporter = LISTS.reporters[sent.reporter]
    entries = {"reporter": sent.reporter, "period": f"{sent.period:%Y-%m}", "form": form.name, "revision": revision}
    entries |= {"reason": "sửa số liệu", "synthetic": "true", **cover}
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator)
    writer.writerows([f"#{key}", value] for key, value in entries.items())
    writer.writerow(field.title + (f" ({field.unit})" if field.unit else "") for field in form.fields)
    style = Style(numbers_as_text=True)
    placed = [(field, (field.title,)) for field in form.fields]
    writer.writerows(_row(0, placed, line, reporter, sent.period, style) for line in sent.lines[form.name])
    if not sent.lines[form.name]:
        writer.writerow(["Không phát sinh", *[""] * (len(form.fields) - 1)])
    return file.getvalue()


def bundle(path: Path, members: dict[str, bytes]) -> Path:
    """Writes a zip of these files. Returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _header(field: Field | None, path: tuple[str, ...], level: int, style: Style) -> str:
    if level >= len(path) or (level and path[:level] == ()):
        return ""
    unit = f" ({style.money})" if field and field.unit and not style.is_unit_above and level == len(path) - 1 else ""
    return path[level] + unit


def _row(
    number: int, placed: Iterable[tuple[Field | None, tuple[str, ...]]], line: Line, reporter: Reporter, period: date,
    style: Style,
) -> list[Any]:  # fmt: skip
    cells: list[Any] = []
    for field, path in placed:
        value = number if path == ("STT",) else line.get(field.name, field.default) if field else ""
        shown = choices(field, reporter, period, LISTS) if field else {}
        if field and value is not None and value is not False:
            value = shown[value] if shown else _value(field, value, style)
        cells.append("" if value is None or value is False else value)
    return cells


def _value(field: Field, value: Any, style: Style) -> Any:
    if isinstance(value, date):
        return (value - EXCEL_EPOCH).days if style.serial_days else f"{value:%d/%m/%Y}"
    if value == 0 and style.nil:
        return style.nil
    if field.unit and style.money == "triệu đồng":
        return f"{value // 10**6:,}".replace(",", ".") + f",{value % 10**6:06}"
    return f"{value:,}".replace(",", ".") if style.numbers_as_text else value


def _totals(
    form: Form, placed: Sequence[tuple[Field | None, tuple[str, ...]]], lines: Sequence[Line], style: Style
) -> list[Any]:
    return ["Tổng cộng"] + [
        _value(field, sum(line.get(field.name) or 0 for line in lines if not line.get("is_subset")), style)
        if field and field.name in form.totals
        else ""
        for field, _ in placed[1:]
    ]
