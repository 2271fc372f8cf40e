"""The reporter's own sheets, to be marked: a harmless copy of an .xlsx, and the values of any other workbook.

openpyxl knows neither .ods nor .xls, and sees no cell in Strict Open XML. Their reporters get an .xlsx of their sheets,
with the looks and the drop-downs of the template where they have its texts.
"""

import logging
import zipfile
from datetime import date, datetime, time
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook, SheetVisibleEnum

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import COVER_SHEET, Form, submission_forms
from mangnon.contract.template import HEADER_ROW, header, total_formula
from mangnon.reading.files.compound import SIGNATURE as COMPOUND
from mangnon.reading.files.sheet import Sheet
from mangnon.reading.files.workbook_parts import inspect_workbook
from mangnon.reading.layout import Range
from mangnon.reading.vocabulary import normalised
from mangnon.telling.feedback.findings import Feedback
from mangnon.telling.feedback.harmless import COVER_ROWS, LARGEST, open_harmless, write_text
from mangnon.telling.feedback.looks import blank_sheets, fit_to_paper
from mangnon.telling.feedback.summary import Shown

logger = logging.getLogger(__name__)

DAY, GENERAL = "dd/mm/yyyy", "General"
# The formats of cells are not known, so columns are as wide as their first contents.
WIDTH, WIDEST = 18, 40
MOST_MERGED = 10_000


def open_copy(path: Path, feedback: Feedback, lists: CodeLists) -> tuple[Workbook, Shown] | None:
    """Returns a copy of the workbook, and how much of it the copy shows.

    Returns None if the file is no workbook, is too large or cannot be copied.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as parts:
            names = {part.filename.replace("\\", "/") for part in parts.infolist()}
            size = sum(part.file_size for part in parts.infolist())
        if size > LARGEST or not names & {"xl/workbook.xml", "content.xml"}:
            return None
    elif not _is_compound(path) or path.stat().st_size > LARGEST:
        return None
    try:
        source = CalamineWorkbook.from_path(str(path))
        merged = [
            area for name in source.sheet_names for area in source.get_sheet_by_name(name).merged_cell_ranges or ()
        ]
        if all(map(_is_small, merged)) and (book := open_harmless(path)) is not None:
            return book, "own"
        book = _copied(path, source, feedback, lists)
        _sum_again(book)
    except Exception as error:  # calamine raises many kinds
        logger.warning("the sheets cannot be copied, so the feedback has excerpts only: %r", error)
        return None
    return book, "copied" if _has_drop_downs(book) else "values"


def _is_compound(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(COMPOUND)) == COMPOUND


def _is_small(area: Range) -> bool:
    """Returns whether openpyxl, which makes a cell of each in merged cells, can have these."""
    (top, left), (bottom, right) = area
    return (bottom - top + 1) * (right - left + 1) <= MOST_MERGED


def _copied(path: Path, source: CalamineWorkbook, feedback: Feedback, lists: CodeLists) -> Workbook:
    inspection = inspect_workbook(path, path.name)
    originals = {name: Sheet(name, source.get_sheet_by_name(name), inspection, None) for name in source.sheet_names}
    if feedback.reporter and feedback.period:
        rows = {name: original.rows for name, original in originals.items()}
        book = blank_sheets(rows, feedback.reporter, feedback.period, lists)
    else:
        book = Workbook()
        book.remove(book.worksheets[0])
    for place, described in enumerate(source.sheets_metadata):
        original = originals[described.name]
        if described.name not in book.sheetnames:
            _lay_out(book.create_sheet(described.name), original)
        sheet = book[described.name]
        book.move_sheet(sheet, place - book.index(sheet))
        sheet.sheet_state = "visible" if described.visible == SheetVisibleEnum.Visible else "hidden"
        _fill(sheet, original)
    return book


def _lay_out(sheet: Worksheet, original: Sheet) -> None:
    fit_to_paper(sheet)
    for column, values in enumerate(zip(*original.head, strict=True), start=1):
        width = max(map(len, map(str, values)))
        sheet.column_dimensions[get_column_letter(column)].width = min(max(width + 2, WIDTH), WIDEST)


def _fill(sheet: Worksheet, original: Sheet) -> None:
    formats = {
        column: columns.number_format
        for columns in sheet.column_dimensions.values()  # columns of the same looks stand together
        if columns.min
        for column in range(columns.min, columns.max + 1)
    }
    for number, row in enumerate(original.rows, start=1):
        for column, value in enumerate(row, start=1):
            if value not in ("", None):
                cell = sheet.cell(number, column)
                if not cell.has_style:  # a new cell does not get that of its column by itself
                    cell.number_format = formats.get(column, GENERAL)
                _write(cell, value)
    for (top, left), (bottom, right) in filter(_is_small, original.merged):
        sheet.merge_cells(None, top + 1, left + 1, bottom + 1, right + 1)


def _has_drop_downs(book: Workbook) -> bool:
    return any(sheet.data_validations.dataValidation for sheet in book.worksheets)


def _write(cell: Cell, value: object) -> None:
    if isinstance(value, str):
        write_text(cell, value)
    elif isinstance(value, bool | int | float | time):
        cell.value = value
    elif isinstance(value, date | datetime):
        cell.value, cell.number_format = value, DAY
    else:
        write_text(cell, str(value))


def _sum_again(book: Workbook) -> None:
    """Writes the template's sums over their values on the cover, so that a corrected cell does not contradict them."""
    if COVER_SHEET not in book.sheetnames:
        return
    for form in submission_forms():
        if form.title not in book.sheetnames or not _is_as_in_template(book[form.title], form):
            continue
        sums = {normalised(form.field(name).title): total_formula(form, form.field(name)) for name in form.totals}
        for row in book[COVER_SHEET].iter_rows(max_row=COVER_ROWS, max_col=4):
            title, _, field, _ = (normalised(str(cell.value or "")) for cell in row)
            if title == normalised(form.title) and field in sums:
                row[3].value = sums[field]


def _is_as_in_template(sheet: Worksheet, form: Form) -> bool:
    """Returns whether the columns are those to which the template's sums refer."""
    shown = [str(sheet.cell(HEADER_ROW + 1, column).value or "") for column in range(1, len(form.fields) + 1)]
    return [normalised(text) for text in shown] == [normalised(header(field)) for field in form.fields]
