"""Looks through the XML of one sheet of an .xlsx for what calamine does not return.

calamine returns a cell with an error, and a formula that nobody has calculated, as an empty cell. Elements are known by
their local names: programs write them with or without a prefix, with or without `r`, in Strict Open XML or not.
"""

import re
from collections.abc import Mapping
from xml.parsers import expat

from mangnon.reading.files.inspection import Look, Position

YES = ("1", "true")
REFERENCE = re.compile(r"\s*([A-Z]{1,3})([0-9]{1,7})\s*")


def position_of(reference: str) -> Position:
    """Returns the position of a cell such as `B3`. Raises ValueError if the reference is none."""
    matched = REFERENCE.fullmatch(reference.upper())
    if matched is None:
        raise ValueError(f"no reference: {reference}")
    column = 0
    for letter in matched[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(matched[2]) - 1, column - 1


class _Cell:
    """A cell while it is parsed."""

    def __init__(self, position: Position, kind: str) -> None:
        self.position, self.kind = position, kind
        self.has_formula = self.has_value = False
        self.text: list[str] = []


class SheetParser:
    """Parses a sheet with expat. Raises ExpatError, or ValueError for a reference that is none."""

    def __init__(self) -> None:
        self.look = Look()
        self._tables = 0  # how many elements `sheetData` have begun
        self._is_inside = False
        self._row, self._column = -1, -1
        self._is_hidden = False
        self._cell: _Cell | None = None
        self._is_text = False
        self._phonetic = 0
        self._last: Position = (-1, -1)
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
        return self.look

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        name = name.rpartition(":")[2]
        if self._cell is not None:
            self._start_in_cell(name)
        elif self._is_inside and name == "c":
            self._cell = _Cell(self._place(attributes.get("r")), attributes.get("t", "n"))
        elif self._is_inside and name == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
            self._is_hidden = attributes.get("hidden") in YES
            self._extend(self._row, -1)
        elif name == "sheetData":
            self._tables += 1
            self._is_inside = True
            self.look.is_contradictory |= self._tables > 1
        elif name == "col" and attributes.get("hidden") in YES:
            self.look.hidden_columns.append((int(attributes["min"]) - 1, int(attributes["max"]) - 1))

    def _start_in_cell(self, name: str) -> None:
        assert self._cell is not None
        if name == "f":
            self._cell.has_formula = True
        elif name == "rPh":
            self._phonetic += 1
        elif name in ("v", "t") and not self._phonetic:
            self._cell.has_value = self._is_text = True

    def _data(self, text: str) -> None:
        if self._is_text and self._cell is not None:
            self._cell.text.append(text)

    def _comment(self, _: str) -> None:
        """Handles comments and CDATA, around which calamine cuts a value off."""
        self.look.is_contradictory |= self._cell is not None

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "c" and self._cell is not None:
            self._judge(self._cell)
            self._cell, self._phonetic = None, 0
        elif name in ("v", "t"):
            self._is_text = False
        elif name == "rPh" and self._cell is not None:
            self._phonetic -= 1
        elif name == "sheetData":
            self._is_inside = False

    def _place(self, reference: str | None) -> Position:
        if reference is None:
            self._column += 1
            row = max(self._row, 0)
        else:
            row, self._column = position_of(reference)
        place = row, self._column
        self.look.is_contradictory |= place <= self._last
        self._last = place
        self._extend(*place)
        return place

    def _extend(self, row: int, column: int) -> None:
        rows, columns = self.look.total
        self.look.total = max(rows, row + 1), max(columns, column + 1)

    def _judge(self, cell: _Cell) -> None:
        text = "".join(cell.text)
        if cell.kind == "e":
            self.look.errors.append(cell.position)
        elif cell.has_formula and (not cell.has_value or (not text and cell.kind != "str")):
            self.look.uncalculated.append(cell.position)
            return
        elif cell.has_formula and cell.kind == "n" and float(text) == 0:
            self.look.zeros.append(cell.position)
        elif cell.has_formula and text:
            self.look.has_results = True
        if not text:
            return
        rows, columns = self.look.filled or (0, 0)
        self.look.filled = max(rows, cell.position[0] + 1), max(columns, cell.position[1] + 1)
        if self._is_hidden and (not self.look.hidden_rows or self.look.hidden_rows[-1] != cell.position[0]):
            self.look.hidden_rows.append(cell.position[0])
