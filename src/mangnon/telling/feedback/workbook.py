"""Writes the feedback workbook: a summary, then the reporter's own sheets with the wrong cells coloured and explained.

If the file is no .xlsx, is too large or cannot be opened, the summary is followed by the rows with findings only.
"""

from collections import defaultdict
from copy import copy
from pathlib import Path
from typing import Protocol

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import Field, Form, all_forms
from mangnon.contract.template import choices
from mangnon.reading.layout import plain_header
from mangnon.reading.vocabulary import normalised
from mangnon.telling.feedback.copies import open_copy
from mangnon.telling.feedback.excerpts import Excerpt
from mangnon.telling.feedback.findings import Feedback, Finding
from mangnon.telling.feedback.harmless import filled_cells, write_text
from mangnon.telling.feedback.summary import BLACK, FILLS, SUMMARY_SHEET, WORDS, SummaryLine, write_summary
from mangnon.vietnamese import listed

AUTHOR = "Măng Non"
# The header of a sheet is searched in so many rows.
HEADER_ROWS = 30
# A message lists the accepted values if there are no more than this; longer lists are in the cell's drop-down.
MOST_CHOICES = 15
LONGEST_NOTE = 1500  # characters; the summary has the whole text
NOTE_WIDTH, LINE_HEIGHT, LINE_LENGTH = 380, 20, 50  # pixels, pixels, characters


class Body(Protocol):
    """The sheets behind the summary."""

    book: Workbook

    def place(self, finding: Finding) -> Cell | None:
        """Returns the cell to mark for a finding; None if no cell shows it."""


def write(path: Path, feedback: Feedback, original: Path | None, excerpts: list[Excerpt], lists: CodeLists) -> None:
    """Writes the feedback on a delivery to `path`: into a copy of its file `original`, or else with excerpts."""
    own = open_copy(original) if original else None
    body: Body = Excerpts(excerpts) if own is None else OwnSheets(own)
    marks: dict[tuple[str, str], list[str]] = defaultdict(list)
    lines = []
    for finding in feedback.findings:
        cell = body.place(finding)
        line = _line(finding, cell, _expected(finding, feedback, lists), is_own=own is not None)
        lines.append(line)
        # No single cell is to blame for what concerns a whole form.
        if cell is not None and (finding.cell or finding.row is not None):
            marks[cell.parent.title, cell.coordinate].append(f"{WORDS[line.severity].upper()}: {line.message}")
            if len(marks[cell.parent.title, cell.coordinate]) == 1:  # the first finding of a cell is the gravest
                _colour(cell, FILLS[finding.severity])
    for (title, coordinate), notes in marks.items():
        body.book[title][coordinate].comment = _note("\n".join(notes))
    write_summary(body.book, feedback, lines, is_own=own is not None)
    body.book.save(path)


class OwnSheets:
    """The sheets of the reporter's own workbook."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        for sheet in list(book.worksheets):
            if normalised(sheet.title) == normalised(SUMMARY_SHEET):
                book.remove(sheet)
                self._clear_marks()
        self._sheets = {normalised(sheet.title): sheet for sheet in book.worksheets}
        self._headers: dict[str, tuple[int, dict[str, int]]] = {}

    def place(self, finding: Finding) -> Cell | None:
        """Returns the cell of the finding, else the first cell of its row or of the header; None without a sheet."""
        form = all_forms()[finding.form] if finding.form else None
        sheet = self._sheets.get(normalised(finding.sheet or (form.title if form else "")))
        if sheet is None:
            return None
        if finding.cell:
            return _whole(sheet, finding.cell)
        if form is None:
            return None
        if sheet.title not in self._headers:
            self._headers[sheet.title] = _header(sheet, form)
        header_row, columns = self._headers[sheet.title]
        column = get_column_letter(columns.get(finding.field or "", 1))
        return _whole(sheet, f"{column}{finding.row or header_row}")

    def _clear_marks(self) -> None:
        """Removes the marks of an earlier feedback; what is still wrong will be marked again."""
        for sheet in self.book.worksheets:
            for cell in filled_cells(sheet):
                if cell.fill.fgColor.rgb in FILLS.values():
                    cell.fill = PatternFill()


class Excerpts:
    """Sheets with only the rows that have findings: the number of each row in the reporter's file, then its cells."""

    def __init__(self, excerpts: list[Excerpt]) -> None:
        self.book = Workbook()
        self.book.remove(self.book.worksheets[0])
        self._rows: dict[str, dict[int, int]] = {}
        for excerpt in excerpts:
            form = all_forms()[excerpt.form]
            sheet = self.book.create_sheet(form.title)
            sheet.freeze_panes = "B2"
            sheet.page_setup.orientation = "landscape"
            sheet.page_setup.fitToHeight = 0
            sheet.sheet_properties.pageSetUpPr.fitToPage = True
            for column, title in enumerate(("Dòng trong tệp", *(field.title for field in form.fields)), start=1):
                cell = sheet.cell(1, column)
                write_text(cell, title)
                cell.font = Font(bold=True)
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                sheet.column_dimensions[get_column_letter(column)].width = 20
            self._rows[excerpt.form] = {}
            for row, (number, texts) in enumerate(excerpt.rows.items(), start=2):
                self._rows[excerpt.form][number] = row
                sheet.cell(row, 1).value = number
                for column, field in enumerate(form.fields, start=2):
                    write_text(sheet.cell(row, column), texts.get(field.name, ""))

    def place(self, finding: Finding) -> Cell | None:
        """Returns the copy of the cell, else the first cell of the row's copy.

        Returns None for findings without a row: only the summary shows them.
        """
        row = self._rows.get(finding.form or "", {}).get(finding.row or 0)
        if finding.form is None or row is None:
            return None
        form = all_forms()[finding.form]
        names = [field.name for field in form.fields]
        return self.book[form.title].cell(row, names.index(finding.field) + 2 if finding.field in names else 1)


def _whole(sheet: Worksheet, coordinate: str) -> Cell:
    """Returns the cell, or the first one of the merged cells that it belongs to."""
    for merged in sheet.merged_cells.ranges:
        if coordinate in merged:
            return sheet.cell(merged.min_row, merged.min_col)
    return sheet[coordinate]


def _header(sheet: Worksheet, form: Form) -> tuple[int, dict[str, int]]:
    """Returns the row of the header, and field → column. The titles may be spread over several rows."""
    names = {
        normalised(title): field.name for field in form.fields for title in (field.title, field.name, *field.aliases)
    }
    rows: dict[int, dict[str, int]] = defaultdict(dict)
    for cell in filled_cells(sheet):
        if cell.row <= HEADER_ROWS and isinstance(cell.value, str):
            title, _ = plain_header(cell.value)
            if title in names:
                rows[cell.row].setdefault(names[title], cell.column)
    by_matches = sorted(rows, key=lambda row: -len(rows[row]))
    columns: dict[str, int] = {}
    for row in by_matches:
        columns = rows[row] | columns
    return (by_matches[0] if by_matches else 1), columns


def _line(finding: Finding, cell: Cell | None, expected: str, is_own: bool) -> SummaryLine:
    field = _field(finding)
    value = finding.value
    if value is None and cell is not None and finding.row is not None and finding.field:
        value = "" if cell.value is None else str(cell.value)
    form = all_forms()[finding.form] if finding.form else None
    return SummaryLine(
        severity=finding.severity,
        sheet=finding.sheet or (form.title if form else "Cả tệp"),
        cell=finding.cell or (cell.coordinate if is_own and cell is not None else _row(finding)),
        title=field.title if field else "",
        value=value or "",
        message=f"{finding.said} {expected}".strip(),
        target=None if cell is None else (cell.parent.title, cell.coordinate),
    )


def _row(finding: Finding) -> str:
    return "" if finding.row is None else f"dòng {finding.row}"


def _field(finding: Finding) -> Field | None:
    if finding.form is None or finding.field is None:
        return None
    return next((field for field in all_forms()[finding.form].fields if field.name == finding.field), None)


def _expected(finding: Finding, feedback: Feedback, lists: CodeLists) -> str:
    """Returns what the contract expects in the cell, in Vietnamese; empty if the contract is not broken."""
    field = _field(finding)
    if field is None or not finding.is_of_contract or finding.severity == "info":
        return ""
    accepted = (
        choices(field, feedback.reporter, feedback.period, lists) if feedback.reporter and feedback.period else {}
    )
    expected = f"Cách ghi: {field.help}" if field.help else ""
    is_said = bool((finding.wording_values or {}).get("choices"))
    if field.type != "boolean" and not is_said and 0 < len(accepted) <= MOST_CHOICES:
        expected += f" Nhận một trong: {listed(accepted.values(), between='; ')}."
    return expected


def _colour(cell: Cell, fill: str) -> None:
    cell.fill = PatternFill("solid", fgColor=fill)
    font = copy(cell.font)
    font.color = BLACK
    cell.font = font


def _note(text: str) -> Comment:
    if len(text) > LONGEST_NOTE:
        text = f"{text[:LONGEST_NOTE]}… (xem trang “{SUMMARY_SHEET}”)"
    lines = sum(1 + len(line) // LINE_LENGTH for line in text.splitlines())
    return Comment(text, AUTHOR, height=LINE_HEIGHT * (lines + 1), width=NOTE_WIDTH)
