"""Rows of a table that are no data: totals, headings of sections, notes, signatures, headers that are said again.

Only rows that do not keep the contract are looked at, so a row of data is never taken for one of these. What such a row
says in numbers is compared, never loaded.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mangnon.reading.problems import Values
from mangnon.reading.vocabulary import (
    BARE_TOTALS,
    NOTHING_HAPPENED,
    fold,
    is_note,
    is_subtotal,
    is_total,
    normalised,
    section_of,
)

BLANK = "blank"
KINDS = ("section", "subtotal", "total", "note", "header", "numbers", "nothing", BLANK)
# How many places a message names; the others are counted.
PLACES_NAMED = 10
NUMERIC = re.compile(r"[-+]?\d[\d.,\s]*(?:\D{0,20})?")
COLUMN_NUMBER = re.compile(r"\(?\s*(?:(\d{1,2})|[A-ZĐ])\s*\)?(?:\s*=.*)?")


@dataclass(frozen=True)
class OddRow:
    """A row that does not keep the contract, as its sender sees it."""

    cells: Sequence[str | None]  # all cells of the row, by column
    measures: frozenset[int]  # the columns of numbers
    has_known_code: bool  # a cell holds a member of its code list

    @property
    def filled(self) -> dict[int, str]:
        """The cells that are not empty, by column."""
        return {position: cell for position, cell in enumerate(self.cells) if cell is not None}

    @property
    def has_numbers(self) -> bool:
        """Whether a number stands where one belongs."""
        return any(position in self.measures and NUMERIC.fullmatch(cell) for position, cell in self.filled.items())


def kind_of(row: OddRow, headers: Sequence[Sequence[str]], is_first: bool, is_after_notes: bool) -> str | None:
    """What kind of row it is (see KINDS), or None when it is data after all."""
    filled = row.filled
    texts = list(filled.values())
    words = [text for position, text in filled.items() if position not in row.measures or not NUMERIC.fullmatch(text)]
    if is_first and len(filled) >= 2 and _counts_up(texts):
        return "numbers"
    if _repeats(filled, headers):
        return "header"
    if words and is_subtotal(words[0]):
        return "subtotal"
    if any(fold(word) in BARE_TOTALS for word in words) or (words and is_total(words[0])):
        return "total"
    if words and section_of(words[0]) and not row.has_known_code:
        return "section"
    if row.has_numbers or row.has_known_code:
        return None
    if any(fold(word) in NOTHING_HAPPENED for word in words):
        return "nothing"
    # A word where a number belongs is no note, unless others stand above it: it may be a number in words.
    is_alone = len(filled) == 1 and not row.measures & filled.keys()
    return "note" if is_after_notes or is_alone or any(is_note(word) for word in words) else None


def skipped(rows: Mapping[str, Sequence[int]]) -> Values:
    """Which rows were not read, by kind, as the problem `rows_skipped` names them."""
    places = [(kind, ranges(rows[kind])) for kind in KINDS if kind in rows]
    return {
        "skipped": [
            {"kind": kind, "rows": found[:PLACES_NAMED], "more": max(len(found) - PLACES_NAMED, 0)}
            for kind, found in places
        ]
    }


def ranges(numbers: Sequence[int]) -> list[str]:
    """Row numbers in few words: `4`, `7-9`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return [str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts]


def _counts_up(texts: Sequence[str]) -> bool:
    matched = [COLUMN_NUMBER.fullmatch(text.strip()) for text in texts]
    if not all(matched):
        return False
    numbers = [int(match[1]) for match in matched if match and match[1]]
    return len(numbers) >= 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _repeats(filled: Mapping[int, str], headers: Sequence[Sequence[str]]) -> bool:
    same = sum(
        normalised(text) in map(normalised, headers[position])
        for position, text in filled.items()
        if position < len(headers)
    )
    return same >= 2 and same * 2 > len(filled)
