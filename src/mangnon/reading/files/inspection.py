"""What a look through the parts of a workbook finds, besides the cells that calamine returns."""

from collections.abc import Callable
from dataclasses import dataclass, field

from mangnon.reading.layout import Range

Position = tuple[int, int]  # row and column, from 0


@dataclass
class Look:
    """What a look through a sheet found. `filled` and `total` are numbers of rows and columns, from A1 on."""

    errors: list[Position] = field(default_factory=list)
    uncalculated: list[Position] = field(default_factory=list)  # formulas without a value
    zeros: list[Position] = field(default_factory=list)  # formulas whose value is 0
    has_results: bool = False  # some formula has another value than 0
    hidden_rows: list[int] = field(default_factory=list)  # from 0; only rows with filled cells
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)  # first and last, from 0
    filled: tuple[int, int] | None = (0, 0)  # None: not known yet
    total: tuple[int, int] = (0, 0)
    is_contradictory: bool = False  # cells out of order, or in two tables: programs differ in what they read


@dataclass
class Inspection:
    """What the inspection found: the fonts and, by sheet in the order of the workbook, a look and the merged cells.

    `merged` is None if calamine returns the merged cells itself. `is_calculated` is false if zeros beside formulas may
    be what a library wrote because it does not calculate.
    """

    looks: dict[str, Look] = field(default_factory=dict)
    merged: dict[str, list[Range]] | None = None
    fonts: set[str] = field(default_factory=set)
    is_calculated: bool = True
    look_again: Callable[[str], Look] | None = None  # parses a sheet that was not parsed yet

    def agrees(self, sheet: str, end: tuple[int, int] | None) -> bool:
        """Returns whether a sheet may end with the cell `end`: none that is filled lies beyond, and no other before."""
        look = self.looks[sheet]
        rows, columns = (end[0] + 1, end[1] + 1) if end else (0, 0)
        if look.filled is None:
            if look.total == (rows, columns) or self.look_again is None:
                return True
            look = self.looks[sheet] = self.look_again(sheet)
        filled = look.filled or (0, 0)
        return (
            not look.is_contradictory and filled[0] <= rows <= look.total[0] and filled[1] <= columns <= look.total[1]
        )
