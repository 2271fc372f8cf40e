"""A column of cells as a file gives them: text, numbers and days, before anybody asks what they should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

# A day that stands where a text belongs is read as this text. So it decides rows, unlike what is written for people.
DAY_AS_TEXT = "%d/%m/%Y"


@dataclass(frozen=True)
class Cells:
    """A column of n cells: each is text, a number, a day, or (all three null) empty."""

    text: pa.Array
    number: pa.Array | None = None
    day: pa.Array | None = None

    @classmethod
    def of(cls, values: Sequence[object]) -> "Cells":
        """The cells of a workbook's column, as the workbook's reader gives them."""
        kinds = set(map(type, values))
        as_text = str if kinds <= {str} else _as_text if kinds - {str, float, int} else _only_text
        texts = values if as_text is str else [as_text(value) for value in values]
        numbers = days = None
        if kinds & {float, int}:
            numbers = pa.array([value if type(value) in (float, int) else None for value in values], pa.float64())
        if kinds & {date, datetime}:
            days = pa.array([_as_day(value) for value in values], pa.date32())
        return cls(_stripped(pa.array(texts, pa.string())), numbers, days)

    @classmethod
    def of_text(cls, texts: pa.Array) -> "Cells":
        """The cells of a CSV's column."""
        return cls(_stripped(texts))

    @classmethod
    def empty(cls, count: int) -> "Cells":
        """The cells of a column that is not there."""
        return cls(pa.nulls(count, pa.string()))

    def __len__(self) -> int:
        return len(self.text)

    def filter(self, kept: pa.Array) -> "Cells":
        """The cells of the kept rows."""
        return Cells(
            *(None if column is None else column.filter(kept) for column in (self.text, self.number, self.day))
        )

    def filled(self) -> pa.Array:
        """Which cells are not empty."""
        filled = pc.is_valid(self.text)
        for other in (self.number, self.day):
            if other is not None:
                filled = pc.or_(filled, pc.is_valid(other))
        return filled

    def shown(self, index: int) -> str | None:
        """The cell as its sender would recognise it."""
        if (text := self.text[index].as_py()) is not None:
            return text
        if self.number is not None and (number := self.number[index].as_py()) is not None:
            return f"{number:.15g}"
        if self.day is not None and (day := self.day[index].as_py()) is not None:
            return f"{day:{DAY_AS_TEXT}}"
        return None


def _stripped(texts: pa.Array) -> pa.Array:
    texts = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _only_text(value: object) -> str | None:
    return value if type(value) is str else None


def _as_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (int, float, date)):
        return None
    return str(value)  # a time or a duration: no field takes one, so it is refused as what it shows


def _as_day(value: object) -> date | None:
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None
