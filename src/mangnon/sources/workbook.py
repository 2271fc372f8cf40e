"""Workbooks (.xlsx) made from the template."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.forms import Form, submission_forms
from mangnon.problems import Problem, RefusedFile, RefusedForm
from mangnon.sources import Block, Table, plain_header
from mangnon.sources.cover import TITLES, Entry, is_yes, read_cover
from mangnon.values import Cells, normalised

SIGNATURE = b"PK\x03\x04"
COVER = "Bìa"
# The header is looked for this far down.
HEADER_ROWS = 30


# A cell with a formula's error, such as #DIV/0!; the reader of workbooks would show it as empty.
ERROR_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^>]* t="e"')
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"
SHEET_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Workbook:
    """An opened workbook; see mangnon.sources.Source."""

    def __init__(self, path: Path, file_name: str) -> None:
        self.file_name = file_name
        try:
            self._book = CalamineWorkbook.from_path(str(path))
            self._error_cells = _error_cells(path)
        except (CalamineError, OSError, KeyError, zipfile.BadZipFile, ElementTree.ParseError) as error:
            raise RefusedFile(
                Problem(
                    "not_a_workbook",
                    f"Không mở được tệp {file_name} như một tệp .xlsx. Hãy mở bằng Excel và lưu lại dạng .xlsx.",
                    value=str(error),
                )
            ) from error
        self._sheets = {normalised(name): name for name in self._book.sheet_names}
        if normalised(COVER) not in self._sheets:
            raise RefusedFile(Problem("cover_missing", f"Tệp {file_name} thiếu trang “{COVER}”. Hãy dùng tệp mẫu."))
        if cells := self._error_cells.get(self._sheets[normalised(COVER)]):
            raise RefusedFile(_formula_error(COVER, cells))
        rows = self._rows(COVER)
        self.cover = read_cover(_entries(rows), _forms(rows))
        self._refuse_unannounced()

    def table(self, form: Form) -> Table:
        """The rows of the form's sheet. Raises RefusedForm when the sheet or its header is missing."""
        if normalised(form.title) not in self._sheets:
            raise RefusedForm(
                Problem(
                    "sheet_missing", f"Bìa nói có biểu “{form.title}” nhưng tệp {self.file_name} không có trang này."
                )
            )
        sheet_name = self._sheets[normalised(form.title)]
        rows = self._rows(sheet_name)
        if cells := self._error_cells.get(sheet_name):
            raise RefusedForm(_formula_error(sheet_name, cells))
        header_row = _find_header(rows, form)
        if header_row is None:
            raise RefusedForm(
                Problem(
                    "header_missing", f"Trang “{sheet_name}” không có dòng tiêu đề cột như tệp mẫu.", sheet=sheet_name
                )
            )
        headers = ["" if cell is None else str(cell) for cell in rows[header_row]]
        return Table(sheet_name, header_row + 1, headers, _blocks(rows, header_row, len(headers)))

    def _rows(self, sheet_name: str) -> list[list]:
        sheet = self._book.get_sheet_by_name(self._sheets[normalised(sheet_name)])
        return sheet.to_python(skip_empty_area=False)

    def _refuse_unannounced(self) -> None:
        # A sheet that the cover does not announce would otherwise be dropped without a word.
        for form in submission_forms():
            if form.name in self.cover.forms or normalised(form.title) not in self._sheets:
                continue
            rows = self._rows(form.title)
            header_row = _find_header(rows, form)
            if header_row is not None and any(map(_is_filled, rows[header_row + 1 :])):
                raise RefusedFile(
                    Problem(
                        "form_not_announced",
                        f"Trang “{form.title}” có dữ liệu nhưng bìa không đánh dấu biểu này. "
                        "Hãy ghi “x” vào cột “Có gửi”, hoặc xoá dữ liệu.",
                        sheet=form.title,
                    )
                )


def _error_cells(path: Path) -> dict[str, list[str]]:
    """The cells with errors of each sheet that has any."""
    with zipfile.ZipFile(path) as parts:
        targets = {
            part.get("Id"): part.get("Target", "").removeprefix("/xl/")
            for part in ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
        }
        sheets = {
            sheet.get("name", ""): targets[sheet.get(SHEET_ID)]
            for sheet in ElementTree.fromstring(parts.read("xl/workbook.xml")).iter(SHEET)
        }
        found = {name: ERROR_CELL.findall(parts.read(f"xl/{target}")) for name, target in sheets.items()}
    return {name: [cell.decode() for cell in cells] for name, cells in found.items() if cells}


def _formula_error(sheet_name: str, cells: list[str]) -> Problem:
    shown = ", ".join(cells[:10])
    return Problem(
        "formula_error",
        f"Trang “{sheet_name}”: ô {shown} chứa công thức bị lỗi (như #DIV/0!, #REF!). Hãy sửa công thức hoặc nhập số.",
        sheet=sheet_name, cell=cells[0],
    )  # fmt: skip


def _entries(rows: list[list]) -> dict[str, Entry]:
    keys = {normalised(title): key for key, title in TITLES.items()}
    found: dict[str, Entry] = {}
    for number, row in enumerate(rows):
        label = normalised(str(row[0])).removesuffix("*").strip() if row else ""
        if label in keys:
            value = row[1] if len(row) > 1 else None
            found.setdefault(keys[label], Entry(value, COVER, xl_rowcol_to_cell(number, 1)))
    return found


def _forms(rows: list[list]) -> dict[str, dict[str, float]]:
    """The contained forms with their declared totals, from the table form | sent | field | total."""
    forms = {normalised(form.title): form for form in submission_forms()}
    contained: dict[str, dict[str, float]] = {}
    for row in rows:
        title, sent, field_title, total = (*row, "", "", "", "")[:4]
        form = forms.get(normalised(str(title)))
        if form is None or not is_yes(sent):
            continue
        declared = contained.setdefault(form.name, {})
        for name in form.totals:
            if normalised(form.field(name).title) == normalised(str(field_title)) and isinstance(total, (int, float)):
                declared[name] = total
    return contained


def _find_header(rows: list[list], form: Form) -> int | None:
    """The first row in which at least half of the form's titles stand."""
    titles = {normalised(field.title) for field in form.fields} | {field.name for field in form.fields}
    for number, row in enumerate(rows[:HEADER_ROWS]):
        matches = sum(plain_header(str(cell))[0] in titles for cell in row if cell)
        if matches * 2 >= len(form.fields):
            return number
    return None


def _blocks(rows: list[list], header_row: int, width: int) -> Iterator[Block]:
    body = rows[header_row + 1 :]
    columns = [Cells.of(column) for column in zip(*body, strict=True)] if body else [Cells.of([]) for _ in range(width)]
    yield Block(np.arange(header_row + 2, len(rows) + 1), columns, [])


def _is_filled(row: list) -> bool:
    return any(cell not in ("", None) for cell in row)
