"""What every opened file looks like to its reader, whatever kind of file it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mangnon.contract.forms import Form
from mangnon.reading.cells import Cells
from mangnon.reading.cover import Cover
from mangnon.reading.layout import Path as HeaderPath
from mangnon.reading.problems import Problem
from mangnon.reading.titles import TitleLine


@dataclass(frozen=True)
class Block:
    """Some rows of a table: their row numbers as the sender's program shows them, and a column of cells per header."""

    row_numbers: np.ndarray
    columns: list[Cells]
    refused: list[Problem]  # rows that could not even be split into cells, with their texts as values


@dataclass(frozen=True)
class Table:
    """The rows of one form: where its header ends, what stands over each column, and its rows in blocks."""

    sheet_name: str | None
    header_row: int
    headers: list[HeaderPath]
    blocks: Iterator[Block]
    unit_line: TitleLine | None = None  # `ĐVT: triệu đồng`, above the table
    is_converted: bool = False  # from an old font
    is_announced: bool = True  # the cover says that the form is contained, so no rows mean that nothing happened


class Source(Protocol):
    """An opened file. `notes` is what had to be inferred to open it, and what was not read."""

    cover: Cover
    notes: list[Problem]

    def table(self, form: Form) -> Table:
        """The rows of a form that the cover says is contained. Raises RefusedForm."""
