"""Delimited text (.csv): the cover as leading lines `#key,value`, then a header, then the rows of one form."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from mangnon.forms import Form, all_forms
from mangnon.problems import Problem, RefusedFile, RefusedForm
from mangnon.sources import Block, Table
from mangnon.sources.cover import Entry, read_cover
from mangnon.values import Cells

BLOCK_BYTES = 8 << 20


class DelimitedFile:
    """An opened CSV; see mangnon.sources.Source."""

    def __init__(self, path: Path, file_name: str) -> None:
        self.file_name = file_name
        self._path = path
        entries: dict[str, Entry] = {}
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                lines = csv.reader(file)
                for number, line in enumerate(lines, start=1):
                    if not line or not line[0].startswith("#"):
                        break
                    key = line[0].removeprefix("#").strip()
                    entries[key] = Entry(line[1].strip() if len(line) > 1 else "", None, f"B{number}")
                else:
                    number, line = number + 1, []
        except UnicodeDecodeError as error:
            raise RefusedFile(_not_utf8(file_name)) from error
        self._headers, self._header_row = line, number
        form = entries.get("form")
        if form is None:
            raise RefusedFile(
                Problem(
                    "cover_missing",
                    f"Tệp {file_name} thiếu phần bìa: các dòng đầu phải là #reporter, #period, #form, #revision.",
                )
            )
        if form.value not in all_forms():
            raise RefusedFile(
                Problem("form_unknown", f"Không có biểu “{form.value}”.", cell=form.cell, value=str(form.value))
            )
        self.cover = read_cover(entries, {str(form.value): _declared(entries, all_forms()[str(form.value)])})

    def table(self, form: Form) -> Table:
        """The rows after the header. Raises RefusedForm when there is no header."""
        if not self._headers:
            raise RefusedForm(Problem("header_missing", f"Tệp {self.file_name} không có dòng tiêu đề cột."))
        return Table(None, self._header_row, self._headers, self._blocks())

    def _blocks(self) -> Iterator[Block]:
        broken: list[pyarrow.csv.InvalidRow] = []

        def keep(row: pyarrow.csv.InvalidRow) -> str:
            broken.append(row)
            return "skip"

        names = [str(position) for position in range(len(self._headers))]
        try:
            reader = pyarrow.csv.open_csv(
                self._path,
                read_options=pyarrow.csv.ReadOptions(
                    use_threads=False, block_size=BLOCK_BYTES, skip_rows=self._header_row, column_names=names
                ),
                parse_options=pyarrow.csv.ParseOptions(invalid_row_handler=keep, ignore_empty_lines=False),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
            next_row = self._header_row + 1
            reported = 0
            for batch in reader:
                taken = {row.number + 0 for row in broken if row.number is not None}
                numbers = _numbers(next_row, batch.num_rows, taken)
                next_row = int(numbers[-1]) + 1 if len(numbers) else next_row
                refused = [self._broken_row(row) for row in broken[reported:]]
                reported = len(broken)
                yield Block(numbers, [Cells.of_text(column) for column in batch.columns], refused)
            if broken[reported:]:
                yield Block(
                    np.array([], dtype=np.int64),
                    [Cells.of([]) for _ in names],
                    [self._broken_row(row) for row in broken[reported:]],
                )
        except pa.ArrowInvalid as error:
            if "Empty CSV file" not in str(error):
                raise RefusedForm(_not_utf8(self.file_name)) from error

    def _broken_row(self, row: pyarrow.csv.InvalidRow) -> Problem:
        return Problem(
            "wrong_number_of_columns",
            f"Dòng {row.number} có {row.actual_columns} ô, tiêu đề có {row.expected_columns} ô.",
            row=row.number, value=row.text,
        )  # fmt: skip


def _declared(entries: dict[str, Entry], form: Form) -> dict[str, float]:
    """Totals declared by lines `#total:field,value`."""
    totals = {name: entries.get(f"total:{name}") for name in form.totals}
    return {name: int(str(entry.value)) for name, entry in totals.items() if entry and str(entry.value).isdigit()}


def _numbers(first: int, count: int, taken: set[int]) -> np.ndarray:
    """The next `count` row numbers from `first`, without those taken by rows that could not be split."""
    numbers = np.arange(first, first + count + len(taken))
    return numbers[~np.isin(numbers, list(taken))][:count] if taken else numbers


def _not_utf8(file_name: str) -> Problem:
    return Problem("not_utf8", f"Tệp {file_name} không dùng bảng mã UTF-8. Hãy lưu lại dạng “CSV UTF-8”.")
