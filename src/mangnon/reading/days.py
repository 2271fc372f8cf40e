"""The grammar of days. Vietnamese write day/month/year; programs also write `2021-03-05` and `5-Mar-21`.

Day and month are never swapped to make sense of a cell: what looks like month/day is named.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mangnon.reading.months import CENTURY, SHORT_ENGLISH
from mangnon.reading.vocabulary import fold, normalised

EXCEL_EPOCH = date(1899, 12, 30)
# A program that counts days in fractions may miss midnight by a minute, and so the day by one.
LAST_MINUTE = (23, 59)

_TIME = r"(?:[t ](?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d(?:\.\d+)?)?(?P<zone>z| ?[+-]\d\d:?\d\d)?)?"
_SHORT = "|".join(SHORT_ENGLISH)
USUAL = re.compile(r"(?P<day>\d{1,2})([/.-])(?P<month>\d{1,2})\2(?P<year>\d{4})")
NUMBERS = re.compile(r"(?P<day>\d{1,2}) ?([/.-]) ?(?P<month>\d{1,2}) ?\2 ?(?P<year>\d{4})" + _TIME)
ISO = re.compile(r"(?P<year>\d{4})([/.-])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + _TIME)
NAMED = re.compile(
    rf"(?P<day>\d{{1,2}})[- ](?:(?P<english>{_SHORT})|thg ?(?P<month>\d{{1,2}}))[- ](?P<year>\d{{4}}|\d\d)"
)
IN_WORDS = re.compile(r"(?:ngay )?(?P<day>\d{1,2}) thang (?P<month>\d{1,2}) nam (?P<year>\d{4})")
SHORT_YEAR = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{2}")
NO_YEAR = re.compile(rf"\d{{1,2}}[/.-](?:\d{{1,2}}|{_SHORT}|thg ?\d{{1,2}})")
STRICT_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")


class NoDay(Exception):
    """A text is no day, or not surely one; `problem_id` and `values` say why."""

    def __init__(self, problem_id: str, values: Mapping[str, Any] | None = None) -> None:
        super().__init__(problem_id)
        self.problem_id, self.values = problem_id, values or {}


@dataclass(frozen=True)
class Day:
    """A day, and whether it is written as people usually write it."""

    value: date
    is_usual: bool


def iso_day(text: str) -> date:
    """Returns the day of a list, which is always year-month-day. Raises NoDay."""
    matched = STRICT_ISO.fullmatch(text)
    if matched is None:
        raise NoDay("not_a_date.text")
    return _day(matched, text)


def day_of(text: str) -> Day:
    """Returns the day that a text names. Raises NoDay."""
    plain = normalised(text)
    if matched := USUAL.fullmatch(plain):
        return Day(_day(matched, text), True)
    for pattern, words in ((NUMBERS, plain), (ISO, plain), (NAMED, plain), (IN_WORDS, fold(text))):
        if matched := pattern.fullmatch(words):
            return Day(_day(matched, text), False)
    if SHORT_YEAR.fullmatch(plain):
        raise NoDay("ambiguous_date", {"text": text})
    if NO_YEAR.fullmatch(plain):
        raise NoDay("not_a_date.no_year", {"text": text})
    raise NoDay("not_a_date.text")


def serial_day(text: str) -> date | None:
    """Returns the day that Excel stores as this number; None if it stores no recent day so."""
    if not re.fullmatch(r"[34]\d{4}(\.0)?", text):
        return None
    return EXCEL_EPOCH + timedelta(days=int(float(text)))


def swapped(day: date) -> date | None:
    """Returns the day with day and month exchanged; None if there is no such day."""
    return date(day.year, day.day, day.month) if day.day <= 12 else None


def _day(matched: re.Match[str], text: str) -> date:
    said: dict[str, str | Any] = {"english": None, "hour": None, "zone": None} | matched.groupdict()
    if said["zone"]:
        raise NoDay("not_a_date.zone", {"text": text})
    year, day = int(said["year"]), int(said["day"])
    month = SHORT_ENGLISH[said["english"]] if said["english"] else int(said["month"])
    try:
        value = date(year if year > 99 else CENTURY + year, month, day)
    except ValueError:
        if month > 12 >= day and month <= 31 and matched.re in (USUAL, NUMBERS):
            raise _month_first(text, year, day, month) from None
        raise NoDay("not_a_date.text") from None
    if said["hour"] and (int(said["hour"]), int(said["minute"])) >= LAST_MINUTE:
        raise NoDay("not_a_date.midnight", {"text": text})
    return value


def _month_first(text: str, year: int, month: int, day: int) -> NoDay:
    """Returns the problem of a text such as 3/25/2021."""
    try:
        return NoDay("not_a_date.month_first", {"text": text, "day": date(year, month, day)})
    except ValueError:
        return NoDay("not_a_date.text")
