"""The grammar of months: one way to read them, for covers, for titles and for CSVs.

A month needs a year. A year of two digits is understood only where programs write it so by themselves: `Mar-21` and
`thg 3-21` are what Excel and LibreOffice make of a typed `2021-03`. `03-21` may be a day, and is no month.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from babel.dates import get_month_names

from mangnon.reading.vocabulary import fold, normalised

FIRST_YEAR, END_YEAR = 2000, 2100
CENTURY = 2000  # of a year with two digits

# Folds of the Vietnamese names of months. `năm` is the fifth, and also the word for a year.
NAMES = {
    "gieng": 1, "mot": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9,
    "muoi": 10, "muoi mot": 11, "muoi hai": 12, "chap": 12,
}  # fmt: skip
SHORT_ENGLISH = {name.casefold(): month for month, name in get_month_names("abbreviated", locale="en").items()}
ENGLISH = {name.casefold(): month for month, name in get_month_names("wide", locale="en").items()} | SHORT_ENGLISH

_VIETNAMESE = "|".join(sorted(NAMES, key=len, reverse=True))
_ENGLISH = "|".join(sorted(ENGLISH, key=len, reverse=True))
_SHORT = "|".join(SHORT_ENGLISH)
# With a word for months these may stand in any text.
_IN_WORDS = (
    r"\b(?:thang|thg)\.? ?(?P<number>\d{1,2})(?: ?[-/.,] ?| (?:nam )?|, ?nam )(?P<year>\d{4})\b",
    rf"\bthang (?!nam \d)(?P<name>{_VIETNAMESE})(?: ?[-/,] ?| (?:nam )?|, nam )(?P<year>\d{{4}})\b",
    rf"\b(?P<english>{_ENGLISH})\.?[ ,/-] ?(?P<year>\d{{4}})\b",
)
# These are months only where a month is expected.
_EXPECTED = (
    r"(?P<year>\d{4}) ?[-/.] ?(?P<number>\d{1,2})",
    r"(?:t\.? ?)?(?P<number>\d{1,2}) ?[-/.] ?(?P<year>\d{4})",
    r"(?P<year>\d{4})-(?P<number>\d\d)-01(?:[t ]00:00(?::00(?:\.0+)?)?)?",
    rf"(?P<english>{_SHORT})-(?P<short>\d\d)",
    rf"thg\.? ?(?:(?P<number>\d{{1,2}})|(?P<name>{_VIETNAMESE}))-(?P<short>\d\d)",
)
IN_TEXT = tuple(re.compile(pattern) for pattern in _IN_WORDS)
WHOLE = tuple(re.compile(pattern) for pattern in (*_IN_WORDS, *_EXPECTED))
# What people write, and what this reader has always taken without a note.
USUAL = re.compile(r"\d{4}-\d{1,2}|(?:thang )?\d{1,2}[-/]\d{4}|thang \d{1,2} nam \d{4}")
LABEL = re.compile(r"\bky bao cao(?: \(nam-thang\))?(?: thang)?[ :]*")

LONGER = re.compile(
    r"\bquy [ivx\d]+\b"
    r"|\b(?:3|6|9|12|ba|sau|chin) thang (?:(?:dau|cuoi) nam )?(?:nam )?\d{4}\b"
    r"|\b(?:6|9|sau|chin) thang (?:dau|cuoi) nam\b"
    r"|\bthang \d{1,2}(?: nam \d{4})? (?:(?:den|toi) )?(?:het )?thang \d{1,2}\b"
    r"|\bbao cao (?:tong ket )?nam \d{4}\b"
)
DATED = re.compile(r"ngay (?:\d{1,2} )?thang \d{1,2} nam \d{4}")  # the date of a signature or of a law


class NoMonth(Exception):
    """A text is no month; `problem_id` says why."""

    def __init__(self, problem_id: str) -> None:
        super().__init__(problem_id)
        self.problem_id = problem_id


@dataclass(frozen=True)
class Month:
    """A month by its first day, and whether it is written as people usually write it."""

    first_day: date
    is_usual: bool


def month_of(value: object) -> Month:
    """Returns the month that a cell names, which may be a day. Raises NoMonth."""
    if isinstance(value, date):
        return Month(_first_day(value.year, value.month), True)
    text = _plain(str(value))
    for pattern in WHOLE:
        if matched := pattern.fullmatch(text):
            return Month(_month(matched), USUAL.fullmatch(text) is not None)
    raise NoMonth("period_unreadable.text")


def months_in(text: str) -> Iterator[date]:
    """Yields the months that a text above a table names, by their first days. A signature's day is none of them."""
    if DATED.search(fold(text)):
        text = DATED.sub(" ", fold(text))
    plain = _plain(text)
    for pattern in IN_TEXT:
        for matched in pattern.finditer(plain):
            try:
                yield _month(matched)
            except NoMonth:
                continue
    for label in LABEL.finditer(plain):
        try:
            yield month_of(plain[label.end() :]).first_day
        except NoMonth:
            continue


def is_longer_than_a_month(text: str) -> bool:
    """Returns whether a text names a quarter, several months or a year."""
    return LONGER.search(DATED.sub(" ", fold(text))) is not None


def _plain(text: str) -> str:
    """Returns the normal form without diacritics, but with its punctuation, which tells `Mar-21` from `Mar 21`."""
    letters = unicodedata.normalize("NFD", normalised(text)).replace("đ", "d")
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[‐‑‒–—−]", "-", plain).strip("*:. ")


def _month(matched: re.Match[str]) -> date:
    said: dict[str, str | None] = {
        "name": None,
        "english": None,
        "number": None,
        "short": None,
        "year": None,
    } | matched.groupdict()
    month = NAMES.get(said["name"] or "") or ENGLISH.get(said["english"] or "") or int(said["number"] or 0)
    return _first_day(int(said["year"]) if said["year"] else CENTURY + int(said["short"] or 0), month)


def _first_day(year: int, month: int) -> date:
    if not FIRST_YEAR <= year < END_YEAR:
        raise NoMonth("period_unreadable.year")
    if not 1 <= month <= 12:
        raise NoMonth("period_unreadable.no_month")
    return date(year, month, 1)
