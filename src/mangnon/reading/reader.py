"""Reads a table into typed rows. A row that keeps the form's contract is loaded; any other is refused, with reasons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.code_lists import CodeLists, Reporter
from mangnon.contract.forms import NOTHING_HAPPENED, Field, Form
from mangnon.reading.allowed import contracts_of
from mangnon.reading.asides import Asides
from mangnon.reading.cells import Cells
from mangnon.reading.columns import Columns, find_columns, unnamed_columns
from mangnon.reading.fonts import looks_legacy
from mangnon.reading.problems import BadValue, Place, Problem, RefusedForm, Values
from mangnon.reading.rows import BLANK, OddRow, bare_totals, kind_of, skipped
from mangnon.reading.tables import Block, Table
from mangnon.reading.tally import Claim, Sums, Tally
from mangnon.reading.values import Contract, Inferred, ReadColumn, read_column
from mangnon.reading.vocabulary import fold

ARROW_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.decimal128(18, 6),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}
# A form with more refused rows is refused as a whole, and shows so many rows of those that were too many.
MOST_REFUSED, ROWS_SHOWN = 50_000, 100
# A form names so many problems of rows, and counts the others.
MOST_PROBLEMS = 10_000
Wrong = dict[int, list[tuple[Field, BadValue]]]  # by index of the row in its block
UNKNOWN = {"unknown_code", "ambiguous_code", "code_not_valid"}


@dataclass(frozen=True)
class RefusedRow:
    """A row that breaks the contract, with the texts of its contract columns by field."""

    sheet_name: str | None
    row_number: int
    cells: dict[str, str | None]


@dataclass(frozen=True)
class ReadBlock:
    """Some rows of a form after reading: the typed good ones (line, sheet_name and row_number, then the fields), the
    refused ones, and the problems.
    """

    rows: pa.Table
    refused: list[RefusedRow]
    problems: list[Problem]


def schema_of(form: Form) -> pa.Schema:
    """Returns the columns of a form's rows after reading."""
    return pa.schema(
        [
            ("line", pa.int32()),
            ("sheet_name", pa.string()),
            ("row_number", pa.int32()),
            *((field.name, ARROW_TYPES[field.type]) for field in form.fields),
        ]
    )


class FormReader:
    """Reads one form of one delivery. For reference data, `reporter` is None: it has no code lists and no period."""

    def __init__(self, form: Form, code_lists: CodeLists, reporter: Reporter | None, period: date) -> None:
        self.form = form
        self.period = period
        self._contracts = contracts_of(form, code_lists, reporter, period)

    def read(self, table: Table) -> "Reading":
        """Returns the reading of a table; iterate it to read. Raises RefusedForm if a column is missing or doubled."""
        columns = find_columns(table, self.form)
        contracts = self._contracts | {
            name: replace(self._contracts[name], unit=unit) for name, unit in columns.units.items()
        }
        return Reading(table, columns, contracts, self)


class Reading:
    """One table while it is read. Iterate its blocks first, then ask for its notes and its declared totals."""

    def __init__(self, table: Table, columns: Columns, contracts: Mapping[str, Contract], reader: FormReader) -> None:
        self.form, self.table, self.columns, self.contracts = reader.form, table, columns, contracts
        self._inferred: dict[tuple[str, ...], Problem] = {}
        self._skipped: dict[str, list[int]] = {}
        self._tally = Tally(self.form, table.sheet_name)
        self._texts: Sums = {}
        self._numbers: Sums = {}
        self._is_first, self._is_after_notes, self._count = True, False, 0
        self._asides = Asides(self.form, table, columns.units, reader.period)
        self._refused, self._problems = 0, 0

    def __iter__(self) -> Iterator[ReadBlock]:
        line, last_row, blank = 1, 0, []
        for block in self.table.blocks:
            block, numbers = _without_blank_rows(block)
            blank += numbers
            read = self._read_block(block, line)
            line += read.rows.num_rows + len(read.refused)
            last_row = int(block.row_numbers[-1]) if len(block.row_numbers) else last_row
            self._count += read.rows.num_rows + len(read.refused)
            yield read
        if between := [number for number in blank if number < last_row]:
            self._skipped[BLANK] = between

    def notes(self) -> list[Problem]:
        """Returns what was inferred, and what was not read."""
        notes = [*self.columns.notes, *self.table.notes, *self._inferred.values()]
        if self._problems > MOST_PROBLEMS:
            found = {"shown": MOST_PROBLEMS, "more": self._problems - MOST_PROBLEMS}
            notes.append(Problem("more_problems", found, sheet=self.table.sheet_name))
        if self._skipped:
            notes.append(Problem("rows_skipped", skipped(self._skipped), sheet=self.table.sheet_name))
        return notes

    def declared(self, on_cover: Mapping[str, float]) -> dict[str, float]:
        """Returns the declared totals by field: those of the cover and those of rows of totals.

        Raises RefusedForm if rows of totals contradict the cover, each other or the rows of their section, if the table
        has no rows and no words say that nothing happened, or if they say so and it has rows.
        """
        declared = self._tally.declared(
            {name: total for name, total in on_cover.items() if not self._left_out_texts(name, total)}
        )
        found = {"form": self.form.title}
        where = self.table.statement or {"sheet": self.table.sheet_name}
        if self._count and self.table.says_nothing:
            raise RefusedForm(Problem("nothing_but_rows", found, **where, value=NOTHING_HAPPENED))
        if not self._count and self.form.kind != "reference":
            if not self.table.says_nothing and "nothing" not in self._skipped:
                raise RefusedForm(Problem("form_empty", found, **where))
            self._inferred["nothing",] = Problem("nothing_happened", found, sheet=self.table.sheet_name)
            self._skipped.pop("nothing", None)  # the row that says so was understood
        return declared

    def _left_out_texts(self, name: str, total: float) -> bool:
        """Returns whether a total of the cover leaves out the numbers that were typed as text; notes it if so."""
        if not self._texts.get(name) or total != self._numbers[name]:
            return False
        found = {"column": self.form.field(name).title, "total": self._numbers[name] + self._texts[name]}
        self._inferred[name, "texts_not_in_total"] = Problem(
            "texts_not_in_total", found, sheet=self.table.sheet_name, field=name
        )
        return True

    def _read_block(self, block: Block, first_line: int) -> ReadBlock:
        count = len(block.row_numbers)
        positions = self.columns.positions
        read = {
            field.name: read_column(
                self.contracts[field.name],
                block.columns[positions[field.name]] if field.name in positions else Cells.empty(count),
            )
            for field in self.form.fields
        }
        wrong: Wrong = {}
        for field in self.form.fields:
            for index, problem in read[field.name].bad.items():
                wrong.setdefault(index, []).append((field, problem))
        self._refuse_too_many(block, wrong)
        odd = self._odd_rows(block, read, wrong)
        for index in odd:
            wrong.pop(index, None)
        in_sums = self._in_sums(read, {*odd, *wrong})
        self._follow_totals(block, read, wrong, odd, in_sums)
        self._follow_texts(block, read, in_sums)
        self._note_inferred(block, read, odd)
        for position, note in unnamed_columns(self.table, block.columns):
            self._inferred.setdefault(("", note.id, str(position)), note)
        kept = np.ones(count, dtype=bool)
        kept[list(odd)] = False
        rows = pa.table(
            {
                "line": pa.array(first_line - 1 + np.cumsum(kept), pa.int32()),
                "sheet_name": pa.repeat(pa.scalar(self.table.sheet_name, pa.string()), count),
                "row_number": pa.array(block.row_numbers, pa.int32()),
                **{name: column.values for name, column in read.items()},
            },
            schema_of(self.form),
        )
        kept[list(wrong)] = False
        refused, problems = self._refuse(block, wrong)
        left = max(MOST_PROBLEMS - self._problems, 0)
        self._refused += len(refused)
        self._problems += len(problems)
        del problems[left:]
        return ReadBlock(rows if kept.all() else rows.filter(pa.array(kept)), refused, problems)

    def _refuse_too_many(self, block: Block, wrong: Wrong) -> None:
        """Raises RefusedForm, with the first problems, if more rows are wrong than anybody mends one by one."""
        if self._refused + len(wrong) + len(block.refused) <= MOST_REFUSED:
            return
        first = Block(block.row_numbers, block.columns, block.refused[:ROWS_SHOWN])
        _, problems = self._refuse(first, {index: wrong[index] for index in sorted(wrong)[:ROWS_SHOWN]})
        found = {"form": self.form.title, "most": MOST_REFUSED}
        raise RefusedForm(Problem("too_many_bad_rows", found, sheet=self.table.sheet_name), *problems)

    def _odd_rows(self, block: Block, read: Mapping[str, ReadColumn], wrong: Wrong) -> dict[int, str]:
        """Returns the rows that are no data: index → kind. It examines only rows that break the contract, and rows
        with a word for totals in a column that is not read.
        """
        positions = self.columns.positions
        measures = frozenset(
            positions[field.name]
            for field in self.form.fields
            if field.type in ("integer", "number") and field.name in positions
        )
        unread = [column for place, column in enumerate(block.columns) if place not in positions.values()]
        odd: dict[int, str] = {}
        for index in sorted({*wrong, *(index for column in unread for index in bare_totals(column))}):
            cells = [column.shown(index) for column in block.columns]
            row = OddRow(cells, measures, self._has_known_code(block, read, index))
            is_first = self._is_first and all(earlier in odd for earlier in range(index))
            kind = kind_of(row, self.table.headers, is_first, self._is_after_notes)
            self._asides.follow(int(block.row_numbers[index]), kind, cells)
            if kind is None:
                continue
            odd[index] = kind
            self._skipped.setdefault(kind, []).append(int(block.row_numbers[index]))
            self._is_after_notes |= kind == "note"
        self._is_first &= len(odd) == len(block.row_numbers)
        return odd

    def _has_known_code(self, block: Block, read: Mapping[str, ReadColumn], index: int) -> bool:
        return any(
            (field.codes or field.categories)
            and block.columns[self.columns.positions[field.name]].shown(index) is not None
            and read[field.name].values[index].is_valid
            for field in self.form.fields
            if field.name in self.columns.positions
        )

    def _in_sums(self, read: Mapping[str, ReadColumn], left_out: set[int]) -> np.ndarray:
        """Returns a mask of the rows that sums contain: rows of data that are no lines "trong đó"."""
        in_sums = np.ones(len(next(iter(read.values())).values), dtype=bool)
        in_sums[list(left_out)] = False
        if "is_subset" in read:
            in_sums &= ~read["is_subset"].values.to_numpy(zero_copy_only=False).astype(bool)
        return in_sums

    def _follow_texts(self, block: Block, read: Mapping[str, ReadColumn], in_sums: np.ndarray) -> None:
        """Sums numbers separately from numbers typed as text, because the sums of a spreadsheet leave out texts."""
        if self.table.sheet_name is None:
            return
        for name in self.form.totals:
            if name in self.columns.positions:
                is_text = pc.and_(block.columns[self.columns.positions[name]].text.is_valid(), pa.array(in_sums))
                is_number = pc.and_(pc.invert(is_text), pa.array(in_sums))
                for sums, counted in ((self._texts, is_text), (self._numbers, is_number)):
                    sums[name] = sums.get(name, 0) + (pc.sum(read[name].values.filter(counted)).as_py() or 0)

    def _follow_totals(
        self, block: Block, read: Mapping[str, ReadColumn], wrong: Wrong, odd: Mapping[int, str], in_sums: np.ndarray
    ) -> None:
        marks = [index for index, kind in odd.items() if kind in ("section", "subtotal", "total")]
        if not marks and not self._tally.is_open:
            return
        start = 0
        for index in [*marks, len(block.row_numbers)]:
            span = in_sums.copy()
            span[:start] = span[index:] = False
            is_whole = not block.refused and not any(start <= row < index for row in wrong)
            self._tally.rows(int(span.sum()), self._sums(read, pa.array(span)), is_whole)
            if index in odd:
                claim = self._claim(block, read, index)
                words = [text for column in block.columns if (text := column.shown(index))]
                self._tally.follow(odd[index], claim, is_plain=fold(words[0]) in ("cong", "tong"))
            start = index + 1

    def _sums(self, read: Mapping[str, ReadColumn], span: pa.Array) -> Sums:
        return {
            field.name: pc.sum(read[field.name].values.filter(span)).as_py() or 0
            for field in self.form.fields
            if field.type == "integer"
        }

    def _claim(self, block: Block, read: Mapping[str, ReadColumn], index: int) -> Claim:
        row = int(block.row_numbers[index])
        names = [
            field.name for field in self.form.fields if field.type == "integer" and field.name in self.columns.positions
        ]
        return Claim(
            row,
            {name: xl_rowcol_to_cell(row - 1, self.columns.positions[name]) for name in names},
            {name: value for name in names if (value := read[name].values[index].as_py()) is not None},
            {
                name: BadValue(bad.id, self._with_shown(bad.values, row, self.columns.positions[name]))
                for name in names
                if (bad := read[name].bad.get(index)) and bad.rule != "required"
            },
        )

    def _note_inferred(self, block: Block, read: Mapping[str, ReadColumn], odd: Mapping[int, str]) -> None:
        for field in self.form.fields:
            for first, inferred in read[field.name].inferred.items():
                index = self._first_in_data(block, field, first, odd)
                if index is None:
                    continue
                # Noted once per column; for codes, once per column and word.
                word = inferred.values["text"] if inferred.id == "inferred_code" else ""
                key = field.name, inferred.id, word
                if key not in self._inferred:
                    self._inferred[key] = self._problem(block, index, field, inferred)

    def _first_in_data(self, block: Block, field: Field, first: int, odd: Mapping[int, str]) -> int | None:
        """Returns the first row of data with the same cell as the row `first`, which may be no data; or None."""
        column = block.columns[self.columns.positions[field.name]]
        likely = range(first, len(column)) if first in odd else (first,)
        return next(
            (index for index in likely if index not in odd and column.shown(index) == column.shown(first)), None
        )

    def _refuse(self, block: Block, wrong: Wrong) -> tuple[list[RefusedRow], list[Problem]]:
        refused, problems = [], []
        for index in sorted(wrong):
            shown = {name: block.columns[place].shown(index) for name, place in self.columns.positions.items()}
            refused.append(RefusedRow(self.table.sheet_name, int(block.row_numbers[index]), shown))
            for field, bad in wrong[index]:
                self._refuse_form(field, bad)
                problem = self._problem(block, index, field, bad)
                if bad.rule in UNKNOWN and looks_legacy(problem.value or ""):
                    problem = replace(problem, values={**problem.values, "is_legacy": True})
                problems.append(problem)
        for broken in block.refused:
            refused.append(RefusedRow(broken.sheet, broken.row or 0, {}))
            problems.append(broken)
        return refused, problems

    def _refuse_form(self, field: Field, bad: BadValue) -> None:
        """Raises RefusedForm if the bad cell shows that the whole column is wrong."""
        place = self.columns.positions.get(field.name)
        cell = None if place is None else xl_rowcol_to_cell(self.table.header_row - 1, place)
        where: Place = {"sheet": self.table.sheet_name, "row": self.table.header_row, "field": field.name, "cell": cell}
        if bad.rule == "unit_missing":
            raise RefusedForm(Problem("unit_missing.column", {"column": field.title}, **where))
        if self.table.is_converted and field.codes == "areas" and bad.rule in UNKNOWN:
            raise RefusedForm(Problem("legacy_font.column", {"column": field.title, "cause": bad.cause}, **where))

    def _problem(self, block: Block, index: int, field: Field, what: BadValue | Inferred) -> Problem:
        row = int(block.row_numbers[index])
        place = self.columns.positions[field.name]
        return Problem(
            what.id, self._with_shown(what.values, row, place), sheet=self.table.sheet_name, row=row, field=field.name,
            cell=xl_rowcol_to_cell(row - 1, place), value=block.columns[place].shown(index), title=field.title,
        )  # fmt: skip

    def _with_shown(self, values: Values, row: int, column: int) -> Values:
        """Returns the values of a problem, with what the cell shows if its wording names it."""
        return {**values, "shown": self.table.shown(row - 1, column)} if "shown" in values else values


def _without_blank_rows(block: Block) -> tuple[Block, list[int]]:
    """Returns the block without its blank rows, and the numbers of the blank rows."""
    filled = reduce(pc.or_, (column.filled() for column in block.columns))
    if pc.all(filled).as_py() is not False:
        return block, []
    kept = np.asarray(filled.to_numpy(zero_copy_only=False), dtype=bool)
    rest = Block(block.row_numbers[kept], [column.filter(filled) for column in block.columns], block.refused)
    return rest, block.row_numbers[~kept].tolist()
