"""Recognises rows that are no data: totals, headings of sections, notes, signatures, repeated headers.

The reader asks only about rows that break the contract, or that have a word for totals beside the fields, so a good row
of data is never taken for one of these. The numbers in such a row are compared with the data and never loaded.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mangnon.contract.forms import submission_forms
from mangnon.reading.cells import Cells
from mangnon.reading.layout import match_field
from mangnon.reading.problems import Values
from mangnon.reading.vocabulary import (
    BARE_TOTALS,
    NOTHING_HAPPENED,
    fold,
    is_note,
    is_subtotal,
    is_total,
    section_of,
)

BLANK = "blank"
OTHER_TABLE = "other_table"  # no kind of row: another header, so another table begins
# A row with fewer headers of one form is no header.
FEWEST_TITLES = 3
KINDS = ("section", "subtotal", "total", "note", "header", "numbers", "nothing", BLANK)
# A message names at most so many places, and counts the others.
PLACES_NAMED = 10
NUMERIC = re.compile(r"[-+]?\d[\d.,\s]*(?:\D{0,20})?")
COLUMN_NUMBER = re.compile(r"\(?\s*(?:(\d{1,2})|[A-ZĐ])\s*\)?(?:\s*=.*)?")


@dataclass(frozen=True)
class OddRow:
    """A row that may be no data, as its sender sees it."""

    cells: Sequence[str | None]  # all cells of the row, by column
    measures: frozenset[int]  # the columns of numbers
    has_known_code: bool  # a cell holds a member of its code list

    @property
    def filled(self) -> dict[int, str]:
        """The cells that are not empty, by column."""
        return {position: cell for position, cell in enumerate(self.cells) if cell is not None}

    @property
    def has_numbers(self) -> bool:
        """Whether a column of numbers has a number."""
        return any(position in self.measures and NUMERIC.fullmatch(cell) for position, cell in self.filled.items())


def kind_of(row: OddRow, headers: Sequence[Sequence[str]], is_first: bool, is_after_notes: bool) -> str | None:
    """Returns the kind of the row (see KINDS), OTHER_TABLE, or None if it is data after all."""
    filled = row.filled
    texts = list(filled.values())
    words = [text for position, text in filled.items() if position not in row.measures or not NUMERIC.fullmatch(text)]
    if is_first and len(filled) >= 2 and _counts_up(texts):
        return "numbers"
    if same := _repeated(filled, headers):
        return "header" if same == len(filled) else OTHER_TABLE
    if not row.has_numbers and _names_fields(texts):
        return OTHER_TABLE
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
    # A single word in a column of numbers may be a number in words, so it is a note only below other notes.
    is_alone = len(filled) == 1 and not row.measures & filled.keys()
    return "note" if is_after_notes or is_alone or any(is_note(word) for word in words) else None


def bare_totals(column: Cells) -> list[int]:
    """Returns the rows in which a column that is not read has just a word for totals."""
    encoded = column.text.dictionary_encode()
    totals = [code for code, text in enumerate(encoded.dictionary.to_pylist()) if fold(text) in BARE_TOTALS]
    if not totals:
        return []
    return pc.indices_nonzero(pc.is_in(encoded.indices, pa.array(totals, encoded.indices.type))).to_pylist()


def skipped(rows: Mapping[str, Sequence[int]]) -> Values:
    """Returns the values of the problem `rows_skipped` from the row numbers by kind."""
    return {"skipped": [{"kind": kind, **listed_rows(rows[kind])} for kind in KINDS if kind in rows]}


def listed_rows(numbers: Sequence[int]) -> Values:
    """Returns the first places of these rows, and how many places more there are."""
    found = ranges(numbers)
    return {"rows": found[:PLACES_NAMED], "more": max(len(found) - PLACES_NAMED, 0)}


def ranges(numbers: Sequence[int]) -> list[str]:
    """Returns the row numbers as ranges, such as `4` and `7-9`."""
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


def _repeated(filled: Mapping[int, str], headers: Sequence[Sequence[str]]) -> int:
    """Returns how many cells are headers of their own column; 0 if fewer than two are."""
    same = sum(
        fold(text) in map(fold, headers[position]) for position, text in filled.items() if position < len(headers)
    )
    return same if same >= 2 else 0


def _names_fields(texts: Sequence[str]) -> bool:
    """Returns whether the cells are headers of a form, of whichever."""
    return len(texts) >= FEWEST_TITLES and any(
        sum(match_field((text,), form.name) is not None for text in texts) >= FEWEST_TITLES
        for form in submission_forms()
    )
