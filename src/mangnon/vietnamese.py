"""Writes numbers, days, months, moments and lists for people: each in one way, and only here.

Readers are Vietnamese, so `49.980` is a number of five digits. `number_vi` and `decimal_vi` in expectations/rule.py
write the same in SQL. Operators read English; `iso_moment` writes moments for them. A day may also be given as ISO
text, as JSON stores it.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal

from mangnon.settings import TIMEZONE

# Written instead of a number that nobody knows.
NOT_KNOWN = "chưa có số liệu"
# The qualifier of a line → the word before its numbers.
QUALIFIERS = {"eq": "", "gte": "trên ", "approx": "khoảng "}


def number(value: Decimal | float | None, qualifier: str | None = None) -> str:
    """Returns a number, never rounded: `49.980`, `99,5` or `trên 1.000`."""
    if value is None:
        return NOT_KNOWN
    exact = Decimal(f"{value:.15g}") if isinstance(value, float) else value
    return QUALIFIERS[qualifier or "eq"] + format_decimal(exact, locale="vi", decimal_quantization=False)


def amount(value: Decimal | float | None, unit: str, qualifier: str | None = None) -> str:
    """Returns a number with its unit: `khoảng 49.980 lượt`."""
    return NOT_KNOWN if value is None else f"{number(value, qualifier)} {unit}"


def day(value: date | str) -> str:
    """Returns a day: `05/03/2020`."""
    return f"{_date(value):%d/%m/%Y}"


def short_day(at: datetime) -> str:
    """Returns the day in Viet Nam's time without the year: `05/03`."""
    return f"{at.astimezone(TIMEZONE):%d/%m}"


def month(value: date | str) -> str:
    """Returns a month: `03/2020`."""
    return f"{_date(value):%m/%Y}"


def cover_month(value: date | str) -> str:
    """Returns a month as covers write it: `2020-03`."""
    return f"{_date(value):%Y-%m}"


def moment(at: datetime) -> str:
    """Returns a moment in Viet Nam's time: `18:30 ngày 05/03/2020`."""
    return f"{at.astimezone(TIMEZONE):%H:%M ngày %d/%m/%Y}"


def iso_moment(at: datetime) -> str:
    """Returns a moment in Viet Nam's time, for readers of English: `2020-03-05 18:30`."""
    return f"{at.astimezone(TIMEZONE):%Y-%m-%d %H:%M}"


def quoted(text: object) -> str:
    """Returns a text in quotation marks: `“Hoạt động”`."""
    return f"“{text}”"


def listed(items: Iterable[object], last: str = "", between: str = ", ") -> str:
    """Returns the items as a list: `a, b, c`; with a word for `last`, such as `hoặc`, `a, b hoặc c`."""
    texts = [str(item) for item in items]
    if last and len(texts) > 1:
        texts[-2:] = [f"{texts[-2]} {last} {texts[-1]}"]
    return between.join(texts)


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


# The filters for the Jinja templates of pages and messages.
FILTERS: dict[str, Callable[..., Any]] = {
    writer.__name__: writer for writer in (number, day, short_day, month, cover_month, moment, quoted, listed)
}
