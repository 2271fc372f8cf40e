"""A column of cells as the file has them: text, numbers and days. The contract is not applied yet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from mangnon.reading.days import LAST_MINUTE

# A day that stands where a text belongs is read as this text. So it decides rows, unlike what is written for people.
DAY_AS_TEXT = "%d/%m/%Y"
# Stands for NUL, which PostgreSQL cannot store. No cell may contain it.
NUL_SIGN = "␀"


@dataclass(frozen=True)
class Cells:
    """A column of cells. Each cell is a text, a number or a day; it is empty if all three are null."""

    text: pa.Array
    number: pa.Array | None = None
    day: pa.Array | None = None

    @classmethod
    def of(cls, values: Sequence[object]) -> "Cells":
        """Returns the cells of a workbook's column from the values that calamine returns."""
        kinds = set(map(type, values))
        as_text = str if kinds <= {str} else _as_text if kinds - {str, float, int} else _only_text
        texts = values if as_text is str else [as_text(value) for value in values]
        numbers = days = None
        if kinds & {float, int}:
            numbers = pa.array([value if type(value) in (float, int) else None for value in values], pa.float64())
            if not pc.all(pc.is_finite(numbers)).as_py():
                return cls.of([_as_finite(value) for value in values])
        if kinds & {date, datetime}:
            days = pa.array([_as_day(value) for value in values], pa.date32())
        return cls(_stripped(pa.array(texts, pa.string())), numbers, days)

    @classmethod
    def of_text(cls, texts: pa.Array) -> "Cells":
        """Returns the cells of a CSV's column."""
        return cls(_stripped(texts))

    @classmethod
    def empty(cls, count: int) -> "Cells":
        """Returns `count` empty cells, for a column that the table does not have."""
        return cls(pa.nulls(count, pa.string()))

    def __len__(self) -> int:
        return len(self.text)

    def filter(self, kept: pa.Array) -> "Cells":
        """Returns the cells of the rows where `kept` is true."""
        return Cells(
            *(None if column is None else column.filter(kept) for column in (self.text, self.number, self.day))
        )

    def filled(self) -> pa.Array:
        """Returns a mask that is true where the cell is not empty."""
        filled = pc.is_valid(self.text)
        for other in (self.number, self.day):
            if other is not None:
                filled = pc.or_(filled, pc.is_valid(other))
        return filled

    def shown(self, index: int) -> str | None:
        """Returns the text of the cell as its sender sees it, or None if it is empty."""
        if (text := self.text[index].as_py()) is not None:
            return text
        if self.number is not None and (number := self.number[index].as_py()) is not None:
            return f"{number:.15g}"
        if self.day is not None and (day := self.day[index].as_py()) is not None:
            return f"{day:{DAY_AS_TEXT}}"
        return None


def storable(text: str) -> str:
    """Returns the text with signs in place of what PostgreSQL cannot store: NUL, and halves of surrogate pairs."""
    text = text.replace("\0", NUL_SIGN)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _stripped(texts: pa.Array) -> pa.Array:
    texts = pc.utf8_trim_whitespace(pc.replace_substring(texts, "\0", NUL_SIGN))
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _as_finite(value: object) -> object:
    """Returns NaN and the infinities as texts: no number is like them."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _only_text(value: object) -> str | None:
    return value if type(value) is str else None


def _as_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if _misses_midnight(value):
        return f"{value:{DAY_AS_TEXT} %H:%M:%S}"
    if value is None or isinstance(value, (int, float, date)):
        return None
    return str(value)  # no field takes a time or a duration, so the cell is refused and the message shows this text


def _misses_midnight(value: object) -> bool:
    """Returns whether a moment is so close to the next day that it may be meant; such a cell stays a text."""
    return isinstance(value, datetime) and (value.hour, value.minute) >= LAST_MINUTE


def _as_day(value: object) -> date | None:
    if _misses_midnight(value):
        return None
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None
