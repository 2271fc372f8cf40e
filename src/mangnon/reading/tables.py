"""The interface between files and the reader: every kind of file offers its cover and its tables in this shape."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from mangnon.contract.forms import Form
from mangnon.reading.cells import Cells
from mangnon.reading.cover import Cover
from mangnon.reading.layout import Path as HeaderPath
from mangnon.reading.problems import Place, Problem
from mangnon.reading.titles import TitleLine


@dataclass(frozen=True)
class Block:
    """Some rows of a table: their row numbers as the sender's program shows them, and one column per header."""

    row_numbers: np.ndarray
    columns: list[Cells]
    refused: list[Problem]  # one for each row that cannot be split into cells; its value is the row's text


@dataclass(frozen=True)
class Table:
    """The rows of one form in blocks, with the headers of its columns and the row in which the header ends."""

    sheet_name: str | None
    header_row: int
    headers: list[HeaderPath]
    blocks: Iterator[Block]
    unit_line: TitleLine | None = None  # `ĐVT: triệu đồng`, above the table
    is_converted: bool = False  # whether its texts were converted from an old font
    says_nothing: bool = False  # whether the cover says that nothing happened
    statement: Place = field(default_factory=dict)  # where the cover says what the form has
    # What the cell at this row and column, from 0, shows; None if that is what it holds, or is not known.
    shown: Callable[[int, int], str | None] = lambda row, column: None
    notes: list[Problem] = field(default_factory=list)  # what was inferred; complete when the blocks have been read


def empty_table(form: Form) -> Table:
    """Returns the table of a form that has no sheet because nothing happened."""
    block = Block(np.array([], dtype=np.int64), [Cells.of([]) for _ in form.fields], [])
    return Table(None, 1, [(field.title,) for field in form.fields], iter([block]), says_nothing=True)


class Source(Protocol):
    """An opened file. `notes` says what was inferred to open it, and what was not read."""

    cover: Cover
    notes: list[Problem]

    def table(self, form: Form) -> Table:
        """Returns the table of a form that the cover names. Raises RefusedForm."""
