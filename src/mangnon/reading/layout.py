"""Finds the table on a sheet: its form, and its header of one or several rows.

A column is a field if its header, together with the headers above it (`Tổng lượt người tham dự / Trong đó / Trẻ em`),
is one of the field's names in the form. A name without diacritics, or without the headers above it, is accepted if it
fits only one field; this is recorded as inferred.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from mangnon.contract.forms import Field, Form, all_forms, submission_forms
from mangnon.reading.vocabulary import COUNTED, fold, normalised, unit_of

# A header begins in the first HEADER_ROWS rows, and has at most DEEPEST rows.
HEADER_ROWS = 30
DEEPEST = 4
# No form has so many columns. A wider sheet is no form.
WIDEST = 256

# Numbers below such a header are of another time or kind (last year, plan …), so a header below it names no field.
OF_SOMETHING_ELSE = re.compile(r"\b(?:luy ke|cung ky|nam truoc|thang truoc|ky truoc|ke hoach|so voi|ty le|uoc)\b")
WHOLE = {"tong", "tong so", "cong", "tong cong", "chung"}
NUMBERING = re.compile(
    r"(?:(?:bieu|bang|mau|phu luc|pl|sheet|trang)(?: (?:mau|so))?(?: [\divx]+[a-z]?)?|\d{1,2}[a-z]?|[ivx]{1,4}) (?=\S)"
)
BRACKETS = re.compile(r"(.*?)\s*\(([^()]*)\)", re.S)

Path = tuple[str, ...]  # the headers of a column, from the top down
Range = tuple[tuple[int, int], tuple[int, int]]  # merged cells: first and last (row, column), from 0


@dataclass(frozen=True)
class Match:
    """The field of a column. `is_exact` is false if it was inferred."""

    field: Field
    is_exact: bool


@dataclass(frozen=True)
class Header:
    """The first and last row of a header, from 0, and the headers over each column."""

    first_row: int
    last_row: int
    paths: list[Path]

    def fields(self, form: Form) -> dict[int, Match]:
        """Returns the columns that are fields of the form, by position."""
        found = ((position, match_field(path, form.name)) for position, path in enumerate(self.paths))
        return {position: match for position, match in found if match is not None}


def plain_header(header: str) -> tuple[str, str | None]:
    """Returns a header in normal form without its star and its unit, and the unit: `Số tiền (triệu đồng) *` has one."""
    text = normalised(header).strip("*: ")
    if matched := BRACKETS.fullmatch(text):
        unit = unit_of(matched[2])
        if unit or fold(matched[2]) in COUNTED:
            return matched[1].strip("*: "), unit
    before, _, last = text.rpartition(",")
    if before and (unit := unit_of(last)):
        return before.strip("*: "), unit
    return text, None


def unit_in(path: Path) -> str | None:
    """Returns the unit of money in the headers of a column; None if they name none."""
    return next((unit for header in reversed(path) if (unit := plain_header(header)[1])), None)


@lru_cache(1 << 16)
def match_field(path: Path, form_name: str) -> Match | None:
    """Returns the field of a form that the headers of a column name; None if they name none."""
    form = all_forms()[form_name]
    levels = [title for header in path if (title := plain_header(header)[0])]
    while len(levels) > 1 and fold(levels[-1]) in WHOLE:
        levels.pop()
    exact, folded = _names(form_name)
    for start in range(len(levels)):
        if any(OF_SOMETHING_ELSE.search(fold(level)) for level in levels[:start]):
            return None
        name = " ".join(levels[start:]).replace(": ", " ").replace(":", "")
        if name in exact:
            return Match(form.field(exact[name]), start == 0)
        if len(alike := folded.get(fold(name), frozenset())) == 1:
            return Match(form.field(next(iter(alike))), False)
    return None


@cache
def _names(form_name: str) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    exact = {
        normalised(title): field.name
        for field in all_forms()[form_name].fields
        for title in (field.title, field.name, *field.aliases)
    }
    folded: dict[str, frozenset[str]] = {}
    for title, name in exact.items():
        folded[fold(title)] = folded.get(fold(title), frozenset()) | {name}
    return exact, folded


def form_of_title(title: str) -> tuple[Form | None, bool]:
    """Returns the form that the name of a sheet means, if any, and whether the name is exactly the form's title."""
    wanted = normalised(title)
    for form in submission_forms():
        if normalised(form.title) == wanted:
            return form, True
    name = fold(title)
    while (shorter := NUMBERING.sub("", name, count=1)) != name and NUMBERING.match(name):
        name = shorter
    named = [form for form in submission_forms() if name in {fold(alias) for alias in (form.title, *form.aliases)}]
    return (named[0] if len(named) == 1 else None), False


def forms_of_header(rows: Sequence[Sequence[object]], merged: Sequence[Range]) -> list[Form]:
    """Returns the forms that the header on a sheet fits.
    A form is left out if another one explains the same columns and more.
    """
    columns: dict[str, set[int]] = {}
    for form in submission_forms():
        header = find_header(rows, merged, form)
        if header is None:
            continue
        fields = header.fields(form)
        names = {match.field.name for match in fields.values()}
        if len(names) >= 3 and all(field.name in names for field in form.fields if field.required):
            columns[form.name] = set(fields)
    return [
        form
        for form in submission_forms()
        if form.name in columns and not any(columns[form.name] < others for others in columns.values())
    ]


def find_header(rows: Sequence[Sequence[object]], merged: Sequence[Range], form: Form) -> Header | None:
    """Returns the rows with the most titles of the form; None if no rows have two. `rows` may be the first only."""
    filled = fill_merged([list(row[:WIDEST]) for row in rows[: HEADER_ROWS + DEEPEST]], merged, only_text=False)
    best, most = None, 1
    for deep in range(1, DEEPEST + 1):
        for first in range(min(len(filled) - deep + 1, HEADER_ROWS)):
            header = Header(first, first + deep - 1, _paths(filled[first : first + deep]))
            count = len({match.field.name for match in header.fields(form).values()})
            if count > most:
                best, most = header, count
        if most == len(form.fields):
            break
    if best is None:
        return None
    # Rows that merged cells connect with the header belong to it.
    crossing = [area for area in merged if area[0][0] <= best.last_row and area[1][0] >= best.first_row]
    first = max(min([best.first_row, *(start[0] for start, _ in crossing)]), best.last_row - DEEPEST + 1)
    last = min(max([best.last_row, *(end[0] for _, end in crossing)]), first + DEEPEST - 1, len(filled) - 1)
    if first and _speaks_of_something_else(filled[first - 1]):
        first -= 1
        filled[first] = _filled_right(filled[first])
    return Header(first, last, _paths(filled[first : last + 1]))


def _speaks_of_something_else(row: Sequence[object]) -> bool:
    """Returns whether the row above a header says that some columns are of another time or kind; a title does not."""
    texts = [str(cell) for cell in row if cell not in ("", None)]
    return len(texts) > 1 and any(OF_SOMETHING_ELSE.search(fold(text)) for text in texts)


def _filled_right(row: Sequence[object]) -> list[object]:
    filled: list[object] = []
    for cell in row:
        filled.append(cell if cell not in ("", None) or not filled else filled[-1])
    return filled


def fill_merged(rows: list[list], merged: Iterable[Range], only_text: bool) -> list[list]:
    """Writes the value of merged cells into each of them, in place, and returns the rows.

    With `only_text` it repeats texts and days, but no numbers.
    """
    for (top, left), (bottom, right) in merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        if value in ("", None) or (only_text and not isinstance(value, str | date)):
            continue
        for row in rows[top : bottom + 1]:
            row[left : right + 1] = [value] * (min(right + 1, len(row)) - left)
    return rows


def _paths(rows: list[list]) -> list[Path]:
    return [_path(levels) for levels in zip(*rows, strict=False)]


def _path(levels: Iterable[object]) -> Path:
    path: list[str] = []
    for level in levels:
        text = "" if level is None else " ".join(str(level).split())
        if text and (not path or path[-1] != text):
            path.append(text)
    return tuple(path)
