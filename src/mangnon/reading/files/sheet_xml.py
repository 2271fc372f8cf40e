"""Looks through the XML of one sheet of an .xlsx for what calamine does not return.

calamine returns a cell with an error, and a formula that nobody has calculated, as an empty cell. Elements are known by
their local names: programs write them with or without a prefix, with or without `r`, in Strict Open XML or not.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from xml.parsers import expat

from mangnon.reading.files.inspection import Look, Position

YES = ("1", "true")
LETTERS, DIGITS = re.compile("[A-Z]{1,3}"), "0123456789"


def position_of(reference: str) -> Position:
    """Returns the position of a cell such as `B3`. Raises ValueError if the reference is none."""
    letters = reference.strip().rstrip(DIGITS)
    return int(reference.strip()[len(letters) :]) - 1, _column(letters.upper())


@lru_cache(1 << 14)
def _column(letters: str) -> int:
    if not LETTERS.fullmatch(letters):
        raise ValueError(f"no column: {letters}")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


class SheetParser:
    """Parses a sheet with expat. Raises ExpatError, or ValueError for a reference that is none.

    Large sheets have millions of cells, so what happens for each of them is kept short.
    """

    def __init__(self) -> None:
        self.look = Look()
        self._tables = 0  # how many elements `sheetData` have begun
        self._is_inside = False
        self._row, self._column = -1, -1
        self._last: Position = (-1, -1)
        self._rows, self._columns = 0, 0  # of all cells, and of the filled ones
        self._filled_rows, self._filled_columns = 0, 0
        self._is_hidden = False
        self._kind: str | None = None  # of the cell that the parser is in; None outside of cells
        self._has_formula = self._has_value = self._is_text = False
        self._text = ""
        self._phonetic = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.CommentHandler = self._comment
        self._parser.StartCdataSectionHandler = lambda: self._comment("")

    def parse(self, data: bytes) -> Look:
        """Returns what it found in the part of a sheet."""
        self._parser.Parse(data, True)
        self.look.total = self._rows, self._columns
        self.look.filled = self._filled_rows, self._filled_columns
        return self.look

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if self._kind is not None:
            if name == "f":
                self._has_formula = True
            elif name == "rPh":
                self._phonetic += 1
            elif name in ("v", "t") and not self._phonetic:
                self._has_value = self._is_text = True
        elif self._is_inside and name == "c":
            self._place(attributes.get("r"))
            self._kind, self._text = attributes.get("t", "n"), ""
            self._has_formula = self._has_value = False
        elif self._is_inside and name == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
            self._is_hidden = attributes.get("hidden") in YES
            self._rows = max(self._rows, self._row + 1)
        elif name == "sheetData":
            self._tables += 1
            self._is_inside = True
            self.look.is_contradictory |= self._tables > 1
        elif name == "col" and attributes.get("hidden") in YES:
            self.look.hidden_columns.append((int(attributes["min"]) - 1, int(attributes["max"]) - 1))

    def _data(self, text: str) -> None:
        if self._is_text:
            self._text += text

    def _comment(self, _: str) -> None:
        """Handles comments and CDATA, around which calamine cuts a value off."""
        self.look.is_contradictory |= self._kind is not None

    def _end(self, name: str) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name in ("v", "t"):
            self._is_text = False
        elif name == "sheetData":
            self._is_inside = False
        elif self._kind is not None and name == "c":
            if self._text or self._has_formula or self._kind == "e":
                self._judge(self._kind)
            self._kind, self._phonetic = None, 0
        elif self._kind is not None and name == "rPh":
            self._phonetic -= 1

    def _place(self, reference: str | None) -> None:
        row, column = (max(self._row, 0), self._column + 1) if reference is None else position_of(reference)
        self._column = column
        if (row, column) <= self._last:
            self.look.is_contradictory = True
        self._last = row, column
        if row >= self._rows:
            self._rows = row + 1
        if column >= self._columns:
            self._columns = column + 1

    def _judge(self, kind: str) -> None:
        text, (row, column) = self._text, self._last
        if kind == "e":
            self.look.errors.append(self._last)
        elif self._has_formula:
            if not self._has_value or (not text and kind != "str"):
                self.look.uncalculated.append(self._last)
                return
            if kind == "n" and float(text) == 0:
                self.look.zeros.append(self._last)
            elif text:
                self.look.has_results = True
        if not text:
            return
        self._filled_rows = max(self._filled_rows, row + 1)
        self._filled_columns = max(self._filled_columns, column + 1)
        if self._is_hidden and (not self.look.hidden_rows or self.look.hidden_rows[-1] != row):
            self.look.hidden_rows.append(row)
