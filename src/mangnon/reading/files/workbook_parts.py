"""Inspects a workbook for what calamine does not return: cells with errors, merged cells of .ods, and fonts.

calamine returns `#DIV/0!` as an empty cell, which would be read as "unknown". So every workbook is inspected once for
such cells before it is read. The inspection also refuses hostile sizes and definitions (see safety.py).
"""

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from mangnon.reading.files.binary_workbook import inspect_xls
from mangnon.reading.files.compound import CompoundFile
from mangnon.reading.files.inspection import Inspection, Look
from mangnon.reading.files.open_document import inspect_ods
from mangnon.reading.files.safety import content, opened_zip, refuse_definitions, refuse_far_cells
from mangnon.reading.files.sheet_xml import SheetParser

MAIN, PROPERTIES = "xl/workbook.xml", "docprops/app.xml"
# A sheet with any of these is parsed: errors, formulas, hidden rows and columns, and what cuts a value off. XML allows
# any prefix, order of attributes, quotes and spaces.
FORMULAS = tuple(start + end for start in (b"<f", b":f") for end in (b">", b"/", b" ", b"\t", b"\n", b"\r"))
PARSED = (b'"e"', b"'e'", b"hidden", b"<!", b"AlternateContent", *FORMULAS)
PREFIX = re.compile(rb"<([^\s<>/!?\"']+:)sheetData[\s/>]")
SPACED = re.compile(rb"\s+=\s*|=\s+")
LOWER_CASE = 0x20  # what makes a letter small in ASCII
UNIQUE_COUNT = re.compile(rb"""uniqueCount\s*=\s*["'](\d+)""")
FONT = re.compile(rb'<(?:name|rFont) val="([^"]*)"')
# Programs that calculate before they save. Excel is known by its chain of calculation, which no library writes.
CALCULATING = re.compile(rb"<(?:\w+:)?Application>\s*(?:LibreOffice|OpenOffice|WPS|Gnumeric|OnlyOffice)", re.IGNORECASE)
CALCULATION = re.compile(rb"""<(?:\w+:)?calcPr\s[^<>]*fullCalcOnLoad\s*=\s*["'](?:1|true)["']""")


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
        return inspect_xls(file.workbook(), file_name, is_calculated=file.exists("\x05SummaryInformation"))


def inspect_xlsx(path: Path, file_name: str) -> Inspection:
    """Inspects an .xlsx. Raises RefusedFile; KeyError, zipfile.BadZipFile or ParseError if it is no .xlsx."""
    found = Inspection()
    has_calculated = False
    with opened_zip(path, file_name) as parts:
        sheets = _sheet_names(parts, file_name)
        found.looks = {name: Look() for name in sheets.values()}
        for member in parts.infolist():
            part = _slashed(member.filename)
            data = content(parts, member)
            name = sheets.get(part)
            if name is None and not part.endswith((".xml", ".rels")):
                continue
            refuse_definitions(data, file_name)
            if name is not None:
                total, is_ordered = _extent(data)
                refuse_far_cells(*total, file_name, name)
                is_odd = any(sign in data for sign in PARSED) or data.count(b"sheetData") > 2 or not is_ordered
                found.looks[name] = SheetParser().parse(data) if is_odd else Look(filled=None, total=total)
            elif part in ("xl/styles.xml", "xl/sharedstrings.xml"):
                _refuse_impossible_count(data)
                found.fonts |= {font.decode(errors="replace") for font in FONT.findall(data)}
                if part == "xl/sharedstrings.xml" and b"<!" in data:
                    raise ValueError("comments among the strings, around which calamine cuts them off")
            elif part == MAIN:
                found.is_calculated = CALCULATION.search(data) is None
            elif part == PROPERTIES:
                has_calculated |= CALCULATING.search(data) is not None
            has_calculated |= part.endswith("/calcchain.xml")
    has_calculated |= any(look.has_results for look in found.looks.values())
    found.is_calculated &= has_calculated

    def look_again(sheet: str) -> Look:
        with opened_zip(path, file_name) as parts:
            (member,) = (member for member in parts.infolist() if sheets.get(_slashed(member.filename)) == sheet)
            return SheetParser().parse(content(parts, member))

    found.look_again = look_again
    return found


def _refuse_impossible_count(strings: bytes) -> None:
    """Raises ValueError if a part claims more strings than it has bytes: calamine makes room for all of them."""
    if any(int(count[:20]) > len(strings) for count in UNIQUE_COUNT.findall(strings)):
        raise ValueError("fewer strings than claimed")


def _slashed(name: str) -> str:
    """Returns the name of a part as Excel compares it: some programs write backslashes, and capitals do not count."""
    return name.replace("\\", "/").lower()


def _sheet_names(parts: zipfile.ZipFile, file_name: str) -> dict[str, str]:
    """Returns part, in lower case → the name of the sheet that it holds. Raises KeyError if a part is missing."""
    members = {_slashed(member.filename): member for member in parts.infolist()}
    relations, book = (content(parts, members[name]) for name in ("xl/_rels/workbook.xml.rels", MAIN))
    for data in (relations, book):
        refuse_definitions(data, file_name)
    targets = {part.get("Id"): part.get("Target", "") for part in ElementTree.fromstring(relations)}
    names: dict[str, str] = {}
    for sheet in ElementTree.fromstring(book).iterfind(".//{*}sheet"):  # Strict Open XML has other namespaces
        (relation,) = (value for key, value in sheet.items() if key.endswith("}id"))
        target = _slashed(targets[relation]).removeprefix("/").removeprefix("xl/")
        names[f"xl/{target}"] = sheet.get("name", "")
    if missing := names.keys() - members.keys():
        raise KeyError(f"no part {min(missing)}")  # calamine might find it elsewhere, and nobody has inspected it
    return names


def _extent(data: bytes) -> tuple[tuple[int, int], bool]:
    """Returns the numbers of the last row and column in a sheet's XML, and whether its cells are in order.

    It knows them from their attributes `r`.
    """
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
    cells = column > 0
    is_ordered = bool((np.diff(row[cells] << 14 | column[cells]) > 0).all())
    prefix = found[1] if b":sheetData" in data and (found := PREFIX.search(data)) else b""
    if data.count(b"<%bc " % prefix) + data.count(b"<%bc>" % prefix) > np.count_nonzero(cells):
        # Cells without `r` follow each other without gaps.
        columns = max(columns, max(line.count(b"<%bc" % prefix) for line in data.split(b"<%brow" % prefix)))
        rows = max(rows, data.count(b"<%brow" % prefix))
    return (rows, columns), is_ordered
