"""Makes a reporter's own workbook harmless: it keeps what the cells show and how they look, and nothing that acts.

Each sheet is copied with values, formats, sizes, drop-downs and limits of cells. The sender's formulas, links, macros,
queries, pictures, names and notes are not copied. A text that a spreadsheet program could take for a formula stays a
text, even if somebody edits its cell.
"""

import logging
import re
import zipfile
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ERROR_CODES, ILLEGAL_CHARACTERS_RE
from openpyxl.packaging.core import DocumentProperties
from openpyxl.packaging.custom import CustomPropertyList
from openpyxl.workbook.protection import DocumentSecurity
from openpyxl.workbook.views import BookView
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from mangnon.contract.forms import COVER_SHEET, submission_forms
from mangnon.contract.template import total_formula
from mangnon.reading.vocabulary import normalised

logger = logging.getLogger(__name__)

# Some 20,000 rows of a form. A larger workbook would take minutes and gigabytes.
LARGEST = 12 << 20  # bytes, unpacked
LONGEST = 32_000  # characters; a cell can hold a few more

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
# Limits may refer to numbers, lists in quotes and cells of this workbook, but to no other file or program.
HARMLESS_LIMIT = re.compile(
    r"""-?\d+(\.\d+)?|"[^"|]*"|('[^'\[\]|!"]+'|[\w.]+)!\$?[A-Z]{1,3}\$?\d+(:\$?[A-Z]{1,3}\$?\d+)?"""
)
# The cover has no more rows than this.
COVER_ROWS = 60


def open_harmless(path: Path) -> Workbook | None:
    """Returns the workbook at `path` with harmless sheets; None if it is no .xlsx, is too large or cannot be opened.

    openpyxl opens Strict Open XML without an error, but sees no cell of it.
    """
    if not zipfile.is_zipfile(path):
        return None
    try:
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > LARGEST:
                return None
        with path.open("rb") as file:
            book = load_workbook(file, data_only=True, keep_links=False)
        if not any(cell.value is not None for sheet in book.worksheets for cell in filled_cells(sheet)):
            logger.warning("openpyxl sees no cell (Strict Open XML?), so it cannot copy the sheets")
            return None
        _strip(book)
        _sum_again(book, path)
    except Exception as error:  # a broken workbook can make openpyxl raise anything
        logger.warning("the workbook cannot be copied, so the feedback has excerpts only: %r", error)
        return None
    return book


def write_text(cell: Cell, text: str) -> None:
    """Writes a text into a cell, so that no program takes it for a formula."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:LONGEST] or None
    cell.data_type = "s" if cell.value else "n"
    if text.startswith(FORMULA_MARKS):
        cell.quotePrefix = True


def filled_cells(sheet: Worksheet) -> list[Cell]:
    """Returns the cells that exist. Iterating rows would visit every cell up to the last one, perhaps the millionth."""
    return list(sheet._cells.values())  # noqa: SLF001 - openpyxl has no public way to them


def _strip(book: Workbook) -> None:
    originals = list(book.worksheets)
    copies = [book.copy_worksheet(sheet) for sheet in originals]
    for original, copy in zip(originals, copies, strict=True):
        copy.freeze_panes = original.freeze_panes
        copy.sheet_state = original.sheet_state
        for limit in original.data_validations.dataValidation:
            if _is_harmless(limit):
                copy.add_data_validation(limit)
        for cell in filled_cells(copy):
            cell.hyperlink = None
            cell.comment = None
            if isinstance(cell.value, str) and not (cell.data_type == "e" and cell.value in ERROR_CODES):
                write_text(cell, cell.value)
    titles = [sheet.title for sheet in originals]
    for sheet in (*originals, *book.chartsheets):
        book.remove(sheet)
    for copy, title in zip(copies, titles, strict=True):
        copy.title = title
    book.defined_names.clear()
    book.loaded_theme = None
    book.template = False
    book.properties = DocumentProperties(creator="Măng Non")
    book.custom_doc_props = CustomPropertyList()
    book.security = DocumentSecurity()
    book.views = [BookView()]


def _is_harmless(limit: DataValidation) -> bool:
    return all(not formula or HARMLESS_LIMIT.fullmatch(formula) for formula in (limit.formula1, limit.formula2))


def _sum_again(book: Workbook, path: Path) -> None:
    """Restores the template's own sums on the cover. Otherwise a corrected cell would contradict the declared total."""
    sums = {
        (normalised(form.title), normalised(form.field(name).title)): total_formula(form, form.field(name))
        for form in submission_forms()
        for name in form.totals
    }
    with path.open("rb") as file:
        formulas = load_workbook(file, read_only=True, keep_links=False)
        if COVER_SHEET not in formulas.sheetnames or COVER_SHEET not in book.sheetnames:
            return
        for row in formulas[COVER_SHEET].iter_rows(max_row=COVER_ROWS, max_col=4):
            title, _, field, total = (str(cell.value or "") for cell in row)
            ours = sums.get((normalised(title), normalised(field)))
            if ours and ours == total:
                book[COVER_SHEET][row[3].coordinate].value = ours
