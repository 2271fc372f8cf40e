"""What a cell shows where its format hides what it holds: 45,7 looks like 46, and the first of June like 06/01.

It is read only if a problem has to be told. An .ods keeps the text that its program showed. Other workbooks keep the
format alone, so only formats that every program shows alike are understood.
"""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path

import xlrd
from openpyxl import load_workbook

from mangnon.reading.cells import DAY_AS_TEXT
from mangnon.reading.files.compound import SIGNATURE as COMPOUND
from mangnon.reading.files.compound import CompoundFile
from mangnon.reading.files.open_document import texts_of
from mangnon.vietnamese import number as written

# What a cell at this row and column, from 0, shows; None if that is what it holds, or is not known.
Show = Callable[[int, int], str | None]
# Formats that show digits alone, after what only decorates them: colours, spaces of a width, texts in quotes.
DECORATION = re.compile(r'\[[^\]]*\]|_.|\*.|"[^"]*"|\\.')
BRACKETS, QUOTED = re.compile(r"\[[^\]]*\]"), re.compile(r'\\(.)|"([^"]*)"')
DIGITS = re.compile(r"(?:#,##|#)?0(?:\.(?P<decimals>0+))?(?P<percent>%)?")
# Formats of days in digits alone. Names of months, and the formats of the system, depend on the computer.
DAY = re.compile(r"(?:(?:d{1,2}|m{1,2}|y{4}|y{2})(?:[-/. ]|$))+", re.IGNORECASE)
OF_SYSTEM = {"mm-dd-yy", "m/d/yy"}  # what openpyxl and xlrd call format 14
PARTS = {"d": "{0.day}", "dd": "{0:%d}", "m": "{0.month}", "mm": "{0:%m}", "yy": "{0:%y}", "yyyy": "{0:%Y}"}


class Shown:
    """What the cells of one sheet show, read when somebody asks."""

    def __init__(self, path: Path, sheet: str) -> None:
        self._path, self._sheet = path, sheet

    def at(self, row: int, column: int) -> str | None:
        """Returns what the cell at this place (from 0) shows; None if that is what it holds, or is not known."""
        return self._show(row, column)

    @cached_property
    def _show(self) -> Show:
        try:
            return _reader_of(self._path)(self._path, self._sheet)
        except Exception:  # calamine has read the workbook, another library cannot: the message does without
            return lambda row, column: None


def as_shown(value: object, number_format: str) -> str | None:
    """Returns what a program shows of a number or a day in this format; None if that is the value, or is not known."""
    first = number_format.partition(";")[0]
    if isinstance(value, date):
        return _day_as_shown(value, QUOTED.sub(r"\1\2", BRACKETS.sub("", first)).strip())
    return _number_as_shown(value, DECORATION.sub("", first).strip()) if isinstance(value, float) else None


def _number_as_shown(value: float, number_format: str) -> str | None:
    matched = DIGITS.fullmatch(number_format)
    if matched is None:
        return None
    exact = Decimal(f"{value:.15g}") * (100 if matched["percent"] else 1)
    rounded = exact.quantize(Decimal(1).scaleb(-len(matched["decimals"] or "")), ROUND_HALF_UP)
    if rounded == exact and not matched["percent"]:
        return None
    return written(rounded) + (matched["percent"] or "")


def _day_as_shown(value: date, number_format: str) -> str | None:
    if number_format in OF_SYSTEM or not DAY.fullmatch(number_format):
        return None
    shown = re.sub("[dmy]+", lambda part: PARTS[part[0].lower()].format(value), number_format, flags=re.IGNORECASE)
    return None if shown == f"{value:{DAY_AS_TEXT}}" else shown


def _reader_of(path: Path) -> Callable[[Path, str], Show]:
    with path.open("rb") as file:
        if file.read(len(COMPOUND)) == COMPOUND:
            return _of_xls
    with zipfile.ZipFile(path) as parts:
        return texts_of if "content.xml" in parts.namelist() else _of_xlsx


def _of_xlsx(path: Path, sheet: str) -> Show:
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        formats = {
            (cell.row - 1, cell.column - 1): (cell.value, cell.number_format)
            for row in book[sheet].iter_rows()
            for cell in row
            if isinstance(cell.value, datetime) or (isinstance(cell.value, float) and not cell.value.is_integer())
        }
    return lambda row, column: as_shown(*formats.get((row, column), (None, "")))


def _of_xls(path: Path, sheet: str) -> Show:
    with CompoundFile(str(path)) as file:
        stream = file.workbook()
    book = xlrd.open_workbook(file_contents=stream, formatting_info=True, on_demand=True, logfile=io.StringIO())
    cells = book.sheet_by_name(sheet)

    def show(row: int, column: int) -> str | None:
        if row >= cells.nrows or column >= cells.ncols:
            return None
        cell = cells.cell(row, column)
        is_day = cell.ctype == xlrd.XL_CELL_DATE
        value = xlrd.xldate_as_datetime(cell.value, book.datemode) if is_day else cell.value
        return as_shown(value, book.format_map[book.xf_list[cell.xf_index].format_key].format_str)

    return show
