"""Rows of a CSV with fewer or more cells than the header.

Programs leave out empty cells at the end of rows. Excel does so in blocks of 16 rows: all rows of a block get as many
cells as its widest row. Others do so in each row. A row that a person cut short, or that lost a separator in its
middle, looks alike, so a short row is read only if the whole file shows that a program wrote it so.
"""

import csv
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from pyarrow.csv import InvalidRow

from mangnon.contract.forms import Form
from mangnon.reading.layout import Path as HeaderPath
from mangnon.reading.layout import match_field

EXCEL_BLOCK = 16


class Tails:
    """Mends the rows of one table in a file in UTF-8. `short` has the numbers of the rows that lacked cells."""

    def __init__(self, path: Path, separator: str, headers: Sequence[HeaderPath], form: Form, first_line: int) -> None:
        self.short: list[int] = []
        self._path, self._separator, self._headers = path, separator, headers
        self._form = form
        self._first_line = first_line  # the line of the file after which the table's rows begin

    def mended(self, row: InvalidRow) -> list[str] | None:
        """Returns the cells of a row that pyarrow could not split, as many as the header has; None if it is broken."""
        try:
            cells = next(csv.reader([row.text], delimiter=self._separator, strict=True), [])
        except csv.Error:
            return None
        missing = self._headers[len(cells) :]
        is_empty = not any(cell.strip() for cell in cells[len(self._headers) :])
        if is_empty and (self._separator != "," or self._is_by_excel):
            cells = cells[: len(self._headers)]  # a comma too many may be the 12,000 that nobody put in quotes
        if len(cells) > len(self._headers):
            return None
        if any(cell.strip() for cell in cells) and any(missing):
            if row.number is None or self._lacks_needed(missing) or not self._is_left_out(row.number):
                return None
            self.short.append(row.number)
        return cells + [""] * (len(self._headers) - len(cells))

    def _lacks_needed(self, missing: Iterable[HeaderPath]) -> bool:
        matches = (match_field(path, self._form.name) for path in missing if path)
        return any(match.field.required for match in matches if match)

    def _is_left_out(self, line: int) -> bool:
        """Returns whether a program left out the end of the row on this line, which is not just cut off."""
        return (self._is_by_excel or self._is_ragged) and line != self._unfinished_line

    @cached_property
    def _shapes(self) -> list[tuple[int, int, bool]]:
        """Line, number of cells, and whether the last cell is empty, for each row of the file."""
        with self._path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=self._separator)
            try:
                return [(reader.line_num, len(row), not (row and row[-1].strip())) for row in reader]
            except csv.Error:
                return []

    @cached_property
    def _is_by_excel(self) -> bool:
        lengths: dict[int, set[int]] = {}
        for number, (_, length, _) in enumerate(self._shapes):
            lengths.setdefault(number // EXCEL_BLOCK, set()).add(length)
        return bool(lengths) and all(len(of_block) == 1 for of_block in lengths.values())

    @cached_property
    def _is_ragged(self) -> bool:
        short = sum(length < len(self._headers) for _, length in self._lengths)
        ends_empty = any(length > 1 and empty for _, length, empty in self._shapes)
        return not ends_empty and (short > 1 or short == len(self._lengths))

    @cached_property
    def _lengths(self) -> list[tuple[int, int]]:
        """Line and number of cells of each row of the table."""
        return [(line, length) for line, length, _ in self._shapes if line > self._first_line and length]

    @cached_property
    def _unfinished_line(self) -> int | None:
        """The last line, if nothing ends it: the file may have been cut off in it, unless all rows are as long."""
        with self._path.open("rb") as file:
            file.seek(-1, 2)
            is_finished = file.read(1) in (b"\n", b"\r")
        are_as_long = len(self._lengths) > 1 and len({length for _, length in self._lengths}) == 1
        return None if is_finished or are_as_long or not self._lengths else self._lengths[-1][0]
