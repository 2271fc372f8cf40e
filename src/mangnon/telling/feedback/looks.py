"""The looks of an answer's sheets: a copied one with the template's texts gets the template's looks and drop-downs."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from mangnon.contract.code_lists import CodeLists, Reporter
from mangnon.contract.forms import COVER_SHEET, LISTS_SHEET
from mangnon.contract.template import write_template
from mangnon.reading.vocabulary import normalised
from mangnon.telling.feedback.harmless import filled_cells

Rows = Sequence[Sequence[object]]

# The code, the name and the month, which reporters may write differently.
ON_COVER = {"B4", "B5", "B6"}


def blank_sheets(originals: Mapping[str, Rows], reporter: Reporter, period: date, lists: CodeLists) -> Workbook:
    """Returns the template's sheets, emptied, whose texts stand in the sheets of the same name in `originals`.

    Returns no sheet if the lists, to which the drop-downs refer, differ.
    """
    with TemporaryDirectory(prefix="mangnon-") as folder:
        path = Path(folder) / "template.xlsx"
        write_template(path, reporter, period, lists)
        book = load_workbook(path)
    alike = {sheet.title for sheet in book.worksheets if _is_alike(originals.get(sheet.title, []), sheet)}
    for sheet in book.worksheets:
        if sheet.title not in alike or LISTS_SHEET not in alike:
            book.remove(sheet)
            continue
        sheet.sheet_view.tabSelected = False  # or what is typed into one sheet gets into the other selected ones
        for cell in filled_cells(sheet):
            cell.value = None
    return book


def fit_to_paper(sheet: Worksheet) -> None:
    """Has a sheet printed on A4, all columns on a page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _is_alike(rows: Rows, sheet: Worksheet) -> bool:
    return all(
        normalised(_text(rows, cell)) == normalised(cell.value)
        for cell in filled_cells(sheet)
        if cell.data_type == "s" and not (sheet.title == COVER_SHEET and cell.coordinate in ON_COVER)
    )


def _text(rows: Rows, cell: Cell) -> str:
    row = rows[cell.row - 1] if cell.row <= len(rows) else []
    return str(row[cell.column - 1]) if cell.column <= len(row) else ""
