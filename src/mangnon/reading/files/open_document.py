"""Looks through the content of an .ods for what calamine does not return."""

import re
import tempfile
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from xml.parsers import expat

from mangnon.reading.cells import DAY_AS_TEXT
from mangnon.reading.files.inspection import Inspection, Look
from mangnon.reading.files.safety import content, opened_zip, refuse_definitions, refuse_far_cells
from mangnon.vietnamese import number

CELLS = ("table:table-cell", "table:covered-table-cell")
BREAK_IN_ROW = re.compile(
    rb"(</table:table-cell>|<table:table-cell[^<>]*/>|<table:table-row(?: [^<>]*[^/<>])?>)\s+(?=<)"
)
HIDDEN = ("collapse", "filter")
# What a cell shows in place of a value; some programs store the number 0 beside it.
ERROR = re.compile(r"#(?:DIV/0!|REF!|N/A|NAME\?|NUM!|VALUE!|NULL!|SPILL!|CALC!)|Err:\d{3}")


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


@contextmanager
def without_indentation(path: Path, file_name: str) -> Iterator[Path]:
    """Gives the path of the .ods, or of a copy without the line breaks between cells, which are an error to calamine.

    Some libraries write such line breaks. Raises RefusedFile or zipfile.BadZipFile.
    """
    with opened_zip(path, file_name) as parts:
        data = content(parts, parts.getinfo("content.xml"))
        if not BREAK_IN_ROW.search(data):
            yield path
            return
        with tempfile.NamedTemporaryFile(prefix="mangnon-", suffix=".ods") as copy:
            with zipfile.ZipFile(copy, "w") as written:
                for member in parts.infolist():
                    part = content(parts, member)
                    is_table = member.filename == "content.xml"
                    written.writestr(member.filename, BREAK_IN_ROW.sub(rb"\1", part) if is_table else part)
            copy.flush()
            yield Path(copy.name)


def texts_of(path: Path, sheet: str) -> Callable[[int, int], str | None]:
    """Returns a function of row and column, from 0: the text that a number or a day on the sheet shows.

    The function returns None where the text says what the cell holds. Raises what inspect_ods raises.
    """
    found = _Texts(sheet)
    with opened_zip(path, path.name) as parts:
        found.parser().Parse(content(parts, parts.getinfo("content.xml")), True)
    return found.at


class _Tables:
    """Inspects the tables of an OpenDocument while expat parses them."""

    def __init__(self, found: Inspection, file_name: str) -> None:
        self.found, self.file_name = found, file_name
        self.sheet, self.look = "", Look()
        self.row, self.column, self.repeated, self.is_hidden = 0, 0, 1, False
        self.cell: dict[str, str] | None = None
        self.text: list[str] = []
        self.notes = 0  # how deep the parser is in a comment on a cell

    def parser(self) -> expat.XMLParserType:
        """Returns a parser that calls this object for each element."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.data
        return parser

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handles the start of an element."""
        if name in CELLS:
            self.cell, self.text = attributes, []
        elif name == "office:annotation":
            self.notes += 1
        elif name == "table:table":
            self.sheet, self.look, self.row, self.column = attributes.get("table:name", ""), Look(), 0, 0
            self.found.looks[self.sheet] = self.look
        elif name == "table:table-row":
            self.column, self.repeated = 0, int(attributes.get("table:number-rows-repeated", "1"))
            self.is_hidden = attributes.get("table:visibility") in HIDDEN
        elif name == "table:table-column":
            count = int(attributes.get("table:number-columns-repeated", "1"))
            if attributes.get("table:visibility") in HIDDEN:
                self.look.hidden_columns.append((self.column, self.column + count - 1))
            self.column += count
        elif name == "style:font-face":
            self.found.fonts.add(attributes.get("svg:font-family", "").strip("'"))

    def end(self, name: str) -> None:
        """Handles the end of an element."""
        if name == "table:table-row":
            self.row += self.repeated
        elif name == "office:annotation":
            self.notes -= 1
        elif name in CELLS and self.cell is not None:
            self._judge(self.cell, "".join(self.text))
            self.cell = None

    def data(self, text: str) -> None:
        """Handles the text of a cell."""
        if self.cell is not None and not self.notes:
            self.text.append(text)

    def _judge(self, cell: dict[str, str], shown: str) -> None:
        count = int(cell.get("table:number-columns-repeated", "1"))
        place, shown = (self.row, self.column), shown.strip()
        has_formula, has_value = "table:formula" in cell, "office:value-type" in cell
        if cell.get("calcext:value-type") == "error" or (has_formula and ERROR.fullmatch(shown)):
            self.look.errors.append(place)
        elif has_formula and not has_value:
            self.look.uncalculated.append(place)
        elif shown and not has_value:
            self.look.is_contradictory = True  # office programs show a text that calamine does not return
        if has_value or shown:
            self._extend(count, is_filled=bool(shown) or cell.get("office:value-type") != "string")
        right = int(cell.get("table:number-columns-spanned", "1")) - 1
        down = int(cell.get("table:number-rows-spanned", "1")) - 1
        if (right or down) and self.found.merged is not None:
            here = place, (self.row + down, self.column + right)
            self.found.merged.setdefault(self.sheet, []).append(here)
        self.column += count

    def _extend(self, count: int, is_filled: bool) -> None:
        rows, columns = self.look.total
        self.look.total = max(rows, self.row + self.repeated), max(columns, self.column + count)
        refuse_far_cells(*self.look.total, self.file_name, self.sheet)
        if not is_filled or self.look.filled is None:
            return
        rows, columns = self.look.filled
        self.look.filled = max(rows, self.row + self.repeated), max(columns, self.column + count)
        if self.is_hidden and (not self.look.hidden_rows or self.look.hidden_rows[-1] < self.row):
            self.look.hidden_rows += range(self.row, self.row + self.repeated)


class _Texts(_Tables):
    """Collects what the numbers and days of one sheet show. Cells and rows that repeat are kept once."""

    def __init__(self, wanted: str) -> None:
        super().__init__(Inspection(merged={}), "")
        self._wanted = wanted
        self._first_rows: list[int] = []
        self._rows: list[tuple[int, list[tuple[int, int, str]]]] = []  # last row; first and last column with a text

    def at(self, row: int, column: int) -> str | None:
        """Returns the text at this place."""
        index = bisect_right(self._first_rows, row) - 1
        last_row, cells = self._rows[index] if index >= 0 else (-1, [])
        if row > last_row:
            return None
        return next((text for first, last, text in cells if first <= column <= last), None)

    def _judge(self, cell: dict[str, str], shown: str) -> None:
        count, shown = int(cell.get("table:number-columns-repeated", "1")), shown.strip()
        if self.sheet == self._wanted and shown and (held := _held(cell)) and shown != held:
            if self._first_rows[-1:] != [self.row]:
                self._first_rows.append(self.row)
                self._rows.append((self.row + self.repeated - 1, []))
            self._rows[-1][1].append((self.column, self.column + count - 1, shown))
        self.column += count


def _held(cell: dict[str, str]) -> str | None:
    """Returns the number or the day that a cell holds, as problems write it; None if it holds a text."""
    if "office:date-value" in cell:
        return f"{date.fromisoformat(cell['office:date-value'][:10]):{DAY_AS_TEXT}}"
    return number(float(cell["office:value"])) if "office:value" in cell else None
