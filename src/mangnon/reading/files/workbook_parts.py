"""Inspects a workbook for what calamine does not return: cells with errors, merged cells of .ods, and fonts.

calamine returns `#DIV/0!` as an empty cell, which would be read as "unknown". So every workbook is inspected once for
such cells before it is read. The inspection also refuses hostile sizes and definitions (see safety.py).
"""

import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.reading.files.compound import CompoundFile
from mangnon.reading.files.safety import (
    MOST_CELLS,
    MOST_SHEETS,
    content,
    opened_zip,
    refuse_definitions,
    refuse_far_cells,
    too_large,
)
from mangnon.reading.layout import Range
from mangnon.reading.problems import RefusedFile

MAIN = "xl/workbook.xml"
# XML allows any prefix, order of attributes, quotes and spaces, and calamine reads all of them.
ERROR_TYPE = re.compile(rb"""\st\s*=\s*["']e["']""")
ERROR_CELL = re.compile(rb"""<(?:[\w.-]+:)?c\s[^<>]*?(?<=\s)t\s*=\s*["']e["'][^<>]*>""")
REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]+[0-9]+)["']""")
SPACED = re.compile(rb"\s+=\s*|=\s+")
LOWER_CASE = 0x20  # what makes a letter small in ASCII
UNIQUE_COUNT = re.compile(rb"""uniqueCount\s*=\s*["'](\d+)""")
FONT = re.compile(rb'<(?:name|rFont) val="([^"]*)"')


@dataclass
class Inspection:
    """What the inspection found: the fonts and, by sheet, the cells with errors and the merged cells.

    `merged` is None if calamine returns the merged cells itself.
    """

    errors: dict[str, list[str]] = field(default_factory=dict)
    merged: dict[str, list[Range]] | None = None
    fonts: set[str] = field(default_factory=set)


def inspect_workbook(path: Path, file_name: str) -> Inspection:
    """Inspects a workbook. Raises RefusedFile, PermissionError if it has a password, or the errors of its format."""
    with path.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if not is_zip:
        return _binary(path, file_name)
    with zipfile.ZipFile(path) as parts:
        is_open_document = "content.xml" in parts.namelist()
    return inspect_ods(path, file_name) if is_open_document else inspect_xlsx(path, file_name)


def _binary(path: Path, file_name: str) -> Inspection:
    with CompoundFile(str(path)) as file:
        if file.exists("EncryptedPackage"):
            raise PermissionError
        return inspect_xls(file.stream("Workbook" if file.exists("Workbook") else "Book"), file_name)


def inspect_xlsx(path: Path, file_name: str) -> Inspection:
    """Inspects an .xlsx. Raises RefusedFile; KeyError, zipfile.BadZipFile or ParseError if it is no .xlsx."""
    found = Inspection()
    with opened_zip(path, file_name) as parts:
        sheets = _sheet_names(parts, file_name)
        for member in parts.infolist():
            data = content(parts, member)
            name = sheets.get(member.filename.lower())
            if name is None and not member.filename.lower().endswith((".xml", ".rels")):
                continue
            refuse_definitions(data, file_name)
            if name is not None:
                refuse_far_cells(*_extent(data), file_name, name)
                if errors := _error_cells(data):
                    found.errors[name] = errors
            elif member.filename in ("xl/styles.xml", "xl/sharedStrings.xml"):
                _refuse_impossible_count(data)
                found.fonts |= {font.decode(errors="replace") for font in FONT.findall(data)}
    return found


def _refuse_impossible_count(strings: bytes) -> None:
    """Raises ValueError if a part claims more strings than it has bytes: calamine makes room for all of them."""
    if any(int(count[:20]) > len(strings) for count in UNIQUE_COUNT.findall(strings)):
        raise ValueError("fewer strings than claimed")


def _error_cells(sheet: bytes) -> list[str]:
    """Returns the cells with errors in a sheet's XML; "?" for those that do not say where they are."""
    if b'"e"' not in sheet and b"'e'" not in sheet:
        return []
    references = [REFERENCE.search(tag) for tag in ERROR_CELL.findall(sheet)]
    cells = [found[1].decode().upper() if found else "?" for found in references]
    return cells if len(ERROR_TYPE.findall(sheet)) <= len(cells) else [*cells, "?"]


def _sheet_names(parts: zipfile.ZipFile, file_name: str) -> dict[str, str]:
    """Returns part, in lower case → the name of the sheet that it holds. Raises KeyError if a part is missing."""
    relations, book = (content(parts, parts.getinfo(name)) for name in ("xl/_rels/workbook.xml.rels", MAIN))
    for data in (relations, book):
        refuse_definitions(data, file_name)
    targets = {part.get("Id"): part.get("Target", "") for part in ElementTree.fromstring(relations)}
    names = {}
    for sheet in ElementTree.fromstring(book).iterfind(".//{*}sheet"):  # Strict Open XML has other namespaces
        (relation,) = (value for key, value in sheet.items() if key.endswith("}id"))
        names[f"xl/{targets[relation].removeprefix('/').removeprefix('xl/')}".lower()] = sheet.get("name", "")
    if missing := names.keys() - {name.lower() for name in parts.namelist()}:
        raise KeyError(f"no part {min(missing)}")  # calamine might find it elsewhere, and nobody has inspected it
    return names


def _extent(data: bytes) -> tuple[int, int]:
    """Returns the numbers of the last row and the last column in a sheet's XML, from its attributes `r`."""
    text = np.frombuffer(data, np.uint8)
    equals = np.flatnonzero(text == ord("="))
    if (text[equals - 1] <= ord(" ")).any() or (text[np.minimum(equals + 1, len(text) - 1)] <= ord(" ")).any():
        # No office program writes `r = "A1"`, but calamine reads it.
        text = np.frombuffer(SPACED.sub(b"=", data), np.uint8)
        equals = np.flatnonzero(text == ord("="))
    at = equals[(text[equals - 1] == ord("r")) & (text[equals - 2] <= ord(" "))] + 2
    at = at[at < len(text) - 12]
    column, row = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    for _ in range(4):
        letter = (text[at] | LOWER_CASE).astype(np.int64) - ord("a") + 1
        is_letter = (letter >= 1) & (letter <= 26)
        column = np.where(is_letter, column * 26 + letter, column)
        at = at + is_letter
    is_digit = np.ones(len(at), bool)
    for _ in range(8):
        digit = text[at].astype(np.int64) - ord("0")
        is_digit &= (digit >= 0) & (digit <= 9)
        row = np.where(is_digit, row * 10 + digit, row)
        at = at + is_digit
    rows, columns = int(row.max(initial=0)), int(column.max(initial=0))
    if data.count(b"<c ") + data.count(b"<c>") > np.count_nonzero(column):
        # Cells without `r` follow each other without gaps.
        columns = max(columns, max(line.count(b"<c") for line in data.split(b"<row")))
        rows = max(rows, data.count(b"<row"))
    return rows, columns


def inspect_ods(path: Path, file_name: str) -> Inspection:
    """Inspects an .ods. Raises RefusedFile; KeyError, zipfile.BadZipFile or ExpatError if it is no .ods."""
    found = Inspection(merged={})
    with opened_zip(path, file_name) as parts:
        for member in parts.infolist():
            data = content(parts, member)
            if member.filename.endswith((".xml", ".rdf")):
                refuse_definitions(data, file_name)
        data = content(parts, parts.getinfo("content.xml"))
    _Tables(found, file_name).parser().Parse(data, True)
    return found


class _Tables:
    """Inspects the tables of an OpenDocument while expat parses them."""

    def __init__(self, found: Inspection, file_name: str) -> None:
        self.found, self.file_name = found, file_name
        self.sheet, self.row, self.column, self.repeated, self.farthest = "", 0, 0, 1, 0

    def parser(self) -> expat.XMLParserType:
        """Returns a parser that calls this object for each element."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        return parser

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handles the start of an element."""
        if name == "table:table":
            self.sheet, self.row, self.farthest = attributes.get("table:name", ""), 0, 0
        elif name == "table:table-row":
            self.column, self.repeated = 0, int(attributes.get("table:number-rows-repeated", "1"))
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._cell(attributes)
        elif name == "style:font-face":
            self.found.fonts.add(attributes.get("svg:font-family", "").strip("'"))

    def end(self, name: str) -> None:
        """Handles the end of an element."""
        if name == "table:table-row":
            self.row += self.repeated

    def _cell(self, attributes: dict[str, str]) -> None:
        count = int(attributes.get("table:number-columns-repeated", "1"))
        if "office:value-type" in attributes:
            self.farthest = max(self.farthest, self.column + count)
            refuse_far_cells(self.row + self.repeated, self.farthest, self.file_name, self.sheet)
        if attributes.get("calcext:value-type") == "error":
            self.found.errors.setdefault(self.sheet, []).append(xl_rowcol_to_cell(self.row, self.column))
        right = int(attributes.get("table:number-columns-spanned", "1")) - 1
        down = int(attributes.get("table:number-rows-spanned", "1")) - 1
        if (right or down) and self.found.merged is not None:
            here = (self.row, self.column), (self.row + down, self.column + right)
            self.found.merged.setdefault(self.sheet, []).append(here)
        self.column += count


# Types of records in a BIFF8 stream. The record of a cell begins with its row and its column.
BOF, END, SHEET_NAME, PASSWORD, FORMULA, BOOLEAN_OR_ERROR = 0x809, 0x0A, 0x85, 0x2F, 0x06, 0x205
DIMENSIONS, MOST_ROWS = 0x200, 65_536
CELLS = {FORMULA, BOOLEAN_OR_ERROR, 0x201, 0x203, 0x204, 0x27E, 0xBD, 0xBE, 0xFD, 0x207}


def inspect_xls(stream: bytes, file_name: str) -> Inspection:
    """Inspects the stream of an .xls. Raises RefusedFile, PermissionError, or ValueError if it is no BIFF8 stream."""
    found = Inspection()
    cells = 0
    sheets = [*_binary_sheets(stream)]
    if len(sheets) > MOST_SHEETS:  # all may begin at the same place, and each would be gone through
        raise RefusedFile(too_large(file_name))
    for sheet, start in sheets:
        rows = columns = 0
        for record, at, size in _records(stream, start):
            if record == DIMENSIONS:
                _refuse_impossible_dimensions(stream[at : at + size])
            if record not in CELLS or size < 6:
                continue
            row, column = (
                int.from_bytes(stream[at : at + 2], "little"),
                int.from_bytes(stream[at + 2 : at + 4], "little"),
            )
            last = int.from_bytes(stream[at + size - 2 : at + size], "little") if record in (0xBD, 0xBE) else column
            rows, columns = max(rows, row + 1), max(columns, last + 1)
            if (record == FORMULA and stream[at + 12 : at + 14] == b"\xff\xff" and stream[at + 6] == 2) or (
                record == BOOLEAN_OR_ERROR and size >= 8 and stream[at + 7] == 1
            ):
                found.errors.setdefault(sheet, []).append(xl_rowcol_to_cell(row, column))
        cells += rows * columns
        if cells > MOST_CELLS:
            raise RefusedFile(too_large(file_name))
    return found


def _refuse_impossible_dimensions(record: bytes) -> None:
    """Raises ValueError for dimensions that no .xls can have.

    calamine allocates memory for all of them at once, and the process would end if there is not enough.
    """
    first_row, last_row, first_column, last_column = struct.unpack_from("<4H" if len(record) < 14 else "<2I2H", record)
    if not (first_row <= last_row <= MOST_ROWS and first_column <= last_column):
        raise ValueError("impossible dimensions")


def _binary_sheets(stream: bytes) -> Iterator[tuple[str, int]]:
    for record, at, size in _records(stream, 0):
        if record == PASSWORD:
            raise PermissionError
        if record == SHEET_NAME and size >= 8:
            length, is_wide = stream[at + 6], stream[at + 7] & 1
            name = stream[at + 8 : at + 8 + length * (1 + is_wide)]
            yield name.decode("utf-16-le" if is_wide else "latin-1"), int.from_bytes(stream[at : at + 4], "little")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yields the type, start and size of each record, from the BOF at `at` to its end."""
    if int.from_bytes(stream[at : at + 2], "little") != BOF:
        raise ValueError("the stream is not BIFF8")
    while at + 4 <= len(stream):
        record, size = int.from_bytes(stream[at : at + 2], "little"), int.from_bytes(stream[at + 2 : at + 4], "little")
        if record == END:
            return
        yield record, at + 4, size
        at += 4 + size
