"""From a table of a file to typed rows: what the form's contract allows is loaded, all else is refused and named."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.codes import Code, CodeLists, Reporter, month_after
from mangnon.forms import Field, Form
from mangnon.problems import Problem, RefusedForm
from mangnon.sources import Block, Table, plain_header
from mangnon.values import BadValue, Contract, normalised, read_column


@dataclass(frozen=True)
class RefusedRow:
    """A row that breaks the contract, with the texts of its contract columns by field."""

    sheet_name: str | None
    row_number: int
    cells: dict[str, str | None]


@dataclass(frozen=True)
class ReadBlock:
    """Some rows of a form, read: the good ones typed, with line, sheet_name and row_number before the fields."""

    rows: pa.Table
    refused: list[RefusedRow]
    problems: list[Problem]


class FormReader:
    """Reads one form of one delivery. Without a reporter (reference data) there are no code lists and no period."""

    def __init__(self, form: Form, code_lists: CodeLists, reporter: Reporter | None, period: date) -> None:
        self.form = form
        self._contracts = {field.name: _contract(field, code_lists, reporter, period) for field in form.fields}

    def read(self, table: Table) -> Iterator[ReadBlock]:
        """The table's rows in blocks. Raises RefusedForm when a column is missing or doubled."""
        positions, problems = self._positions(table)
        line = 1
        for block in table.blocks:
            block = _without_blank_rows(block)
            read = self._read_block(table, block, positions, line)
            yield ReadBlock(read.rows, read.refused, problems + read.problems)
            line += len(block.row_numbers) + len(block.refused)
            problems = []

    def _positions(self, table: Table) -> tuple[dict[str, int], list[Problem]]:
        """Where each field's column stands; columns that are no field of the form are not read, and that is said."""
        names = {
            normalised(title): field
            for field in self.form.fields
            for title in (field.title, field.name, *field.aliases)
        }
        positions: dict[str, int] = {}
        problems, ignored = [], []
        for position, header in enumerate(table.headers):
            title, unit = plain_header(header)
            field = names.get(title)
            cell = xl_rowcol_to_cell(table.header_row - 1, position)
            if field is None:
                if title:
                    ignored.append(
                        Problem(
                            "column_ignored",
                            f"Cột “{header}” không thuộc biểu nên không được đọc.",
                            table.sheet_name,
                            cell=cell,
                            severity="info",
                        )
                    )
            elif field.name in positions:
                problems.append(
                    Problem(
                        "column_doubled",
                        f"Cột “{field.title}” có hai lần.",
                        table.sheet_name,
                        field=field.name,
                        cell=cell,
                    )
                )
            else:
                positions[field.name] = position
                if field.unit:
                    if unit is None and title != field.name:
                        problems.append(
                            Problem(
                                "unit_missing",
                                f"Cột “{field.title}” không ghi đơn vị: ghi ví dụ “{field.title} (đồng)”.",
                                table.sheet_name,
                                field=field.name,
                                cell=cell,
                            )
                        )
                    self._contracts[field.name] = Contract(field, unit=unit)
        missing = ", ".join(f"“{field.title}”" for field in self.form.fields if field.name not in positions)
        if missing:
            problems.append(
                Problem(
                    "column_missing",
                    f"Biểu “{self.form.title}” thiếu cột: {missing}. Hãy dùng tệp mẫu.",
                    table.sheet_name, row=table.header_row,
                )
            )  # fmt: skip
        if problems:
            raise RefusedForm(*problems)
        return positions, ignored

    def _read_block(self, table: Table, block: Block, positions: dict[str, int], first_line: int) -> ReadBlock:
        columns: dict[str, pa.Array] = {}
        wrong: dict[int, list[tuple[Field, BadValue]]] = {}
        for field in self.form.fields:
            columns[field.name], bad = read_column(self._contracts[field.name], block.columns[positions[field.name]])
            for index, problem in bad.items():
                wrong.setdefault(index, []).append((field, problem))
        count = len(block.row_numbers)
        good = np.ones(count, dtype=bool)
        good[list(wrong)] = False
        rows = pa.table(
            {
                "line": pa.array(np.arange(first_line, first_line + count), pa.int32()),
                "sheet_name": pa.repeat(pa.scalar(table.sheet_name, pa.string()), count),
                "row_number": pa.array(block.row_numbers, pa.int32()),
                **columns,
            }
        )
        refused, problems = [], []
        for index in sorted(wrong):
            row_number = int(block.row_numbers[index])
            shown = {name: block.columns[position].shown(index) for name, position in positions.items()}
            refused.append(RefusedRow(table.sheet_name, row_number, shown))
            for field, problem in wrong[index]:
                cell = xl_rowcol_to_cell(row_number - 1, positions[field.name])
                problems.append(
                    Problem(
                        problem.rule,
                        f"Ô {cell}, cột “{field.title}”: {problem.message}",
                        table.sheet_name,
                        row_number,
                        field.name,
                        cell,
                        shown[field.name],
                    )
                )
        for broken in block.refused:
            refused.append(RefusedRow(None, broken.row or 0, {}))
            problems.append(broken)
        return ReadBlock(rows.filter(pa.array(good)), refused, problems)


def _contract(field: Field, code_lists: CodeLists, reporter: Reporter | None, period: date) -> Contract:
    if reporter is None:
        return Contract(field, members=_members(field.categories) if field.categories else None)
    if field.codes:
        valid = (
            code_lists.areas_of(reporter, period) if field.codes == "areas" else code_lists.members(field.codes, period)
        )
        return Contract(field, members=_code_members(valid), expired=_code_members(code_lists.every(field.codes)))
    if field.categories:
        return Contract(field, members=_members(field.categories))
    return Contract(field, first_day=period, end_day=month_after(period))


def _members(categories: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {normalised(name): value for value, label in categories for name in (value, label)}


def _code_members(codes: list[Code]) -> dict[str, str]:
    return {normalised(name): code.code for code in codes for name in (code.label, code.code, *code.other_codes)}


def _without_blank_rows(block: Block) -> Block:
    filled = reduce(pc.or_, (column.filled() for column in block.columns))
    if pc.all(filled).as_py() is not False:
        return block
    kept = np.asarray(filled.to_numpy(zero_copy_only=False), dtype=bool)
    return Block(block.row_numbers[kept], [column.filter(filled) for column in block.columns], block.refused)
