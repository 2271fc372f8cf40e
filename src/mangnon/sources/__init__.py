"""Files as they arrive: each kind of file is opened by a module of its own, and then looks the same to the loader."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from mangnon.forms import Form
from mangnon.problems import Problem, RefusedFile
from mangnon.sources.cover import Cover
from mangnon.values import UNITS, Cells, normalised


@dataclass(frozen=True)
class Block:
    """Some rows of a table: their row numbers as the sender's program shows them, and a column of cells per header."""

    row_numbers: np.ndarray
    columns: list[Cells]
    refused: list[Problem]  # rows that could not even be split into cells, with their texts as values


@dataclass(frozen=True)
class Table:
    """The rows of one form: where its header stands, and its rows in blocks of bounded size."""

    sheet_name: str | None
    header_row: int
    headers: list[str]
    blocks: Iterator[Block]


class Source(Protocol):
    """An opened file."""

    cover: Cover

    def table(self, form: Form) -> Table:
        """The rows of a form that the cover says is contained. Raises RefusedForm."""


def open_source(path: Path, file_name: str) -> Source:
    """Opens a file by what it is, checked against what its name says. Raises RefusedFile."""
    from mangnon.sources import delimited, workbook

    with path.open("rb") as file:
        start = file.read(4)
    suffix = Path(file_name).suffix.lower()
    if not start:
        raise RefusedFile(Problem("empty_file", f"Tệp {file_name} rỗng. Hãy gửi lại tệp có dữ liệu."))
    if start.startswith(workbook.SIGNATURE):
        return workbook.Workbook(path, file_name)
    if suffix in (".xlsx", ".xlsm"):
        raise RefusedFile(
            Problem(
                "not_a_workbook",
                f"Tệp {file_name} mang tên Excel nhưng không phải là tệp Excel. Hãy mở bằng Excel và lưu lại.",
            )
        )
    if suffix == ".csv":
        return delimited.DelimitedFile(path, file_name)
    raise RefusedFile(
        Problem("unknown_format", f"Không đọc được tệp {file_name}: chỉ nhận tệp .xlsx theo mẫu hoặc tệp .csv.")
    )


def plain_header(header: str) -> tuple[str, str | None]:
    """A header in normal form, without its star and its unit; and its unit: `Số tiền (triệu đồng) *` names the unit."""
    text = normalised(header).removesuffix("*").strip()
    if text.endswith(")") and text.removesuffix(")").rpartition("(")[2].strip() in UNITS:
        text, _, unit = text.removesuffix(")").rpartition("(")
        return text.strip().removesuffix("*").strip(), unit.strip()
    return text, None
