"""How numbers, days, months, moments and lists are written for people: each in one way, and only here.

Readers are Vietnamese, so `49.980` is a number of five digits. In SQL `number_vi` and `decimal_vi` of
expectations/rule.py write the same. Operators read English, and moments as `iso_moment` writes them. Days may be
given as ISO text too, as JSON holds them.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal

from mangnon.settings import TIMEZONE

# What is said instead of a number that nobody knows.
NOT_KNOWN = "chưa có số liệu"
# What a number is when it is not exact, by the qualifier of its line.
QUALIFIERS = {"eq": "", "gte": "trên ", "approx": "khoảng "}


def number(value: Decimal | float | None, qualifier: str | None = None) -> str:
    """`49.980`, `99,5` or `trên 1.000`, never rounded."""
    if value is None:
        return NOT_KNOWN
    exact = Decimal(f"{value:.15g}") if isinstance(value, float) else value
    return QUALIFIERS[qualifier or "eq"] + format_decimal(exact, locale="vi", decimal_quantization=False)


def amount(value: Decimal | float | None, unit: str, qualifier: str | None = None) -> str:
    """A number with its unit: `khoảng 49.980 lượt`."""
    return NOT_KNOWN if value is None else f"{number(value, qualifier)} {unit}"


def day(value: date | str) -> str:
    """`05/03/2020`."""
    return f"{_date(value):%d/%m/%Y}"


def short_day(at: datetime) -> str:
    """`05/03`, in Viet Nam."""
    return f"{at.astimezone(TIMEZONE):%d/%m}"


def month(value: date | str) -> str:
    """`03/2020`."""
    return f"{_date(value):%m/%Y}"


def cover_month(value: date | str) -> str:
    """`2020-03`, as the cover of a submission says it."""
    return f"{_date(value):%Y-%m}"


def moment(at: datetime) -> str:
    """`18:30 ngày 05/03/2020`, in Viet Nam."""
    return f"{at.astimezone(TIMEZONE):%H:%M ngày %d/%m/%Y}"


def iso_moment(at: datetime) -> str:
    """`2020-03-05 18:30`, in Viet Nam, for those who read English."""
    return f"{at.astimezone(TIMEZONE):%Y-%m-%d %H:%M}"


def quoted(text: object) -> str:
    """`“Hoạt động”`."""
    return f"“{text}”"


def listed(items: Iterable[object], last: str = "", between: str = ", ") -> str:
    """`a, b, c`; with a last word, such as `hoặc`, `a, b hoặc c`."""
    texts = [str(item) for item in items]
    if last and len(texts) > 1:
        texts[-2:] = [f"{texts[-2]} {last} {texts[-1]}"]
    return between.join(texts)


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


# For the templates of pages and of messages.
FILTERS: dict[str, Callable[..., Any]] = {
    writer.__name__: writer for writer in (number, day, short_day, month, cover_month, moment, quoted, listed)
}
