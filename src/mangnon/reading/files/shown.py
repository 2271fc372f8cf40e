"""What a cell with a fraction shows: its format may hide the digits that refuse it, and 1.2 looks like 1."""

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path

from openpyxl import load_workbook

from mangnon.vietnamese import number as written

# Formats that show digits alone, after what only decorates them: colours, spaces of a width, texts in quotes.
DECORATION = re.compile(r'\[[^\]]*\]|_.|\*.|"[^"]*"|\\.')
DIGITS = re.compile(r"(?:#,##|#)?0(?:\.(?P<decimals>0+))?(?P<percent>%)?")


class Shown:
    """The formats of the cells of one sheet, read when somebody asks."""

    def __init__(self, path: Path, sheet: str) -> None:
        self._path, self._sheet = path, sheet

    def number(self, row: int, column: int) -> str | None:
        """Returns what the number at this place (from 0) looks like; None if nothing is hidden or known."""
        found = self._fractions.get((row, column))
        return None if found is None else as_shown(*found)

    @cached_property
    def _fractions(self) -> dict[tuple[int, int], tuple[float, str]]:
        try:
            with self._path.open("rb") as file:
                book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
                return {
                    (cell.row - 1, cell.column - 1): (cell.value, cell.number_format)
                    for row in book[self._sheet].iter_rows()
                    for cell in row
                    if isinstance(cell.value, float) and not cell.value.is_integer()
                }
        except Exception:  # no .xlsx, or one that openpyxl cannot open: the message does without
            return {}


def as_shown(value: float, number_format: str) -> str | None:
    """Returns what a program shows of a number in this format; None if that is the number, or is not known."""
    matched = DIGITS.fullmatch(DECORATION.sub("", number_format.partition(";")[0]).strip())
    if matched is None:
        return None
    exact = Decimal(f"{value:.15g}") * (100 if matched["percent"] else 1)
    rounded = exact.quantize(Decimal(1).scaleb(-len(matched["decimals"] or "")), ROUND_HALF_UP)
    if rounded == exact and not matched["percent"]:
        return None
    return written(rounded) + (matched["percent"] or "")
