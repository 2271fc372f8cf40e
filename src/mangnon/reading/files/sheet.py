"""One sheet of a workbook, as rows of cells."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from python_calamine import CalamineSheet
from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.reading import fonts, layout
from mangnon.reading.cells import Cells
from mangnon.reading.files.inspection import Inspection, Look, Position
from mangnon.reading.tables import Block
from mangnon.reading.vocabulary import NOTHING_HAPPENED, fold

# The panic of calamine's Rust, which is no Exception, when Python has no memory for another object.
NO_OBJECT = "PyObject pointer is null"


class Sheet:
    """One sheet: its rows from A1 on, its merged cells, and what calamine does not return."""

    def __init__(self, name: str, sheet: CalamineSheet, inspection: Inspection, convert: fonts.Convert | None) -> None:
        self.name = name
        self._sheet, self._convert = sheet, convert
        self.merged = (
            (inspection.merged or {}).get(name, []) if inspection.merged is not None else sheet.merged_cell_ranges or []
        )
        self._inspection = inspection

    @property
    def look(self) -> Look:
        """What a look through its part found."""
        return self._inspection.looks[self.name]

    @property
    def errors(self) -> list[str]:
        """The cells with errors."""
        return [xl_rowcol_to_cell(*place) for place in self.look.errors]

    @property
    def unknown_results(self) -> list[Position]:
        """The formulas that nobody has calculated; a zero may be what a library wrote in place of the result."""
        unsure = [] if self._inspection.is_calculated else self.look.zeros
        return sorted([*self.look.uncalculated, *unsure])

    @property
    def agrees(self) -> bool:
        """Whether calamine sees as many rows and columns as the look through its part."""
        return self._inspection.agrees(self.name, self._sheet.end)

    @cached_property
    def head(self) -> list[list]:
        """The first rows, which contain titles and header."""
        return self._rows(layout.HEADER_ROWS + layout.DEEPEST)

    @cached_property
    def rows(self) -> list[list]:
        """All rows."""
        return self._rows(None)

    def _rows(self, count: int | None) -> list[list]:
        try:
            rows = self._sheet.to_python(skip_empty_area=False, nrows=count)
        except BaseException as error:
            if NO_OBJECT not in str(error):
                raise
            raise MemoryError from error
        if self._convert is None:
            return rows
        return [[self._convert(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]


def blocks(sheet: Sheet, header: layout.Header, width: int) -> Iterator[Block]:
    """Yields the rows below the header, as one block."""
    start = header.last_row + 1
    body = sheet.rows[start:]
    merged = [
        ((top - start, left), (bottom - start, right)) for (top, left), (bottom, right) in sheet.merged if top >= start
    ]
    if merged:
        layout.fill_merged(body, (area for area in merged if area[0][1] == area[1][1]), only_text=True)
    columns = [Cells.of(column) for column in zip(*body, strict=True)] if body else [Cells.of([]) for _ in range(width)]
    yield Block(np.arange(start + 1, len(sheet.rows) + 1), columns, [])


def is_filled(row: list) -> bool:
    """Returns whether a row has a cell that is not empty."""
    return any(cell not in ("", None) for cell in row)


def is_remark(row: list) -> bool:
    """Returns whether a row is blank, or has one text alone that does not say that nothing happened: `sẽ gửi sau`."""
    filled = [cell for cell in row if cell not in ("", None)]
    if len(filled) != 1 or not isinstance(filled[0], str):
        return not filled
    return fold(filled[0]) not in NOTHING_HAPPENED and not any(sign.isdigit() for sign in filled[0])


def is_wide(rows: list[list]) -> bool:
    """Returns whether the rows have more columns than any form."""
    return any(cell not in ("", None) for row in rows for cell in row[layout.WIDEST :])
