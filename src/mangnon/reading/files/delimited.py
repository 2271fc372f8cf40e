"""Delimited text (.csv): the cover in leading lines `#key,value` or in titles, then a header and rows of one form."""

import codecs
import csv
import io
import re
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from mangnon.contract.code_lists import REFERENCE_REPORTER, CodeLists
from mangnon.contract.forms import Form, all_forms, reference_forms, submission_forms
from mangnon.reading import fonts, layout, shapes, titles
from mangnon.reading.cells import Cells
from mangnon.reading.cover import CoverEntry, read_cover
from mangnon.reading.files.tails import Tails
from mangnon.reading.numbers import read_unambiguous
from mangnon.reading.problems import BadValue, Problem, RefusedFile, RefusedForm
from mangnon.reading.reporters import answering
from mangnon.reading.rows import listed_rows
from mangnon.reading.statements import LARGEST_TOTAL, Statements, unreadable_total
from mangnon.reading.tables import Block, Table

BLOCK_BYTES = 2 << 20
# Encoding, separator, cover and header are decided from so much of the file.
HEAD_BYTES = 256 << 10
HEAD_ROWS = 100
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
# Excel takes the separator from such a first line, and does not show it.
DECLARED = re.compile(r'"?sep=([^\w"\r\n])"?[ ;,\t]*(?:\r\n|\r|\n)', re.IGNORECASE)
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
END_MARK = re.compile("\x1a+(?=[\r\n]*$)")  # old programs end a file with it


class DelimitedFile:
    """An opened CSV; implements mangnon.reading.tables.Source. Problems name a member of a bundle in `sheet`."""

    def __init__(
        self, path: Path, file_name: str, lists: CodeLists, place: str | None, sheet: str | None = None
    ) -> None:
        self.file_name = file_name
        self.notes: list[Problem] = []
        self._sheet = sheet
        self._path = self._as_utf8(path, lists)
        head = _head(_first_bytes(self._path))
        declared = DECLARED.match(head)
        head = head[declared.end() :] if declared else head
        self._separator, rows, ends = self._rows(head, declared[1] if declared else None)
        marked = next((number for number, row in enumerate(rows) if not _is_of_cover(row)), len(rows))
        entries = {
            row[0].removeprefix("#").strip(): CoverEntry(row[1].strip() if len(row) > 1 else "", sheet, f"B{number}")
            for number, row in enumerate(rows[:marked], start=1)
            if row
        }
        self._lines: list[titles.TitleLine] = []
        named = entries.get("reporter")
        with answering(lambda: [str(named.value)] if named else titles.naming(self._lines), lists):
            form = self._form(entries, rows[marked:], place)
            self._find_table(form, rows, ends, marked)
            self._skipped_lines += declared is not None
            if entries:
                self.cover = read_cover(entries, Statements({form.name: _declared(entries, form)}), lists, place)
            else:
                self.cover = titles.cover_from_titles(self._lines, [form.name], lists, file_name, place)
        self.notes += self.cover.notes

    def _find_table(self, form: Form, rows: list[list[str]], ends: list[int], marked: int) -> None:
        """Finds the header and the lines above it; `marked` is the number of lines of the cover."""
        header = layout.find_header(rows[marked:], [], form)
        first, last = (header.first_row, header.last_row) if header else (0, 0)
        self._headers = header.paths if header else [(cell,) for cell in rows[marked]] if marked < len(rows) else []
        self._header_row = marked + last + 1
        self._skipped_lines = ends[marked + last] if marked + last < len(ends) else len(ends)
        self._shape = self._refused_shape(rows[marked:], header, form)
        self._lines = titles.lines_above(
            ([] if number < marked else row for number, row in enumerate(rows[: marked + first])), self._sheet
        )
        self._unit = titles.unit_above(self._lines)

    def table(self, form: Form) -> Table:
        """Returns the table: the rows after the header. Raises RefusedForm if there is no header."""
        if self._shape:
            raise self._shape
        titles.refuse_scaled_counts(self._lines)
        if not self._headers:
            raise RefusedForm(Problem("header_missing.text", {"file_name": self.file_name}, sheet=self._sheet))
        notes: list[Problem] = []
        blocks = self._blocks(form, notes)
        return Table(self._sheet, self._header_row, self._headers, blocks, self._unit, notes=notes)

    def _refuse_two_tables(self, rows: list[list[str]], forms: list[Form]) -> None:
        try:
            shapes.refuse_two(rows, [], forms, self._sheet)
        except RefusedForm as refusal:
            raise RefusedFile(*refusal.problems) from refusal

    def _refused_shape(self, rows: list[list[str]], header: layout.Header | None, form: Form) -> RefusedForm | None:
        try:
            if header is None:
                shapes.refuse_transposed(rows, self._sheet)
            else:
                shapes.refuse_beside(rows, [], header, form, self._sheet)
        except RefusedForm as refusal:
            return refusal
        return None

    def _as_utf8(self, path: Path, lists: CodeLists) -> Path:
        """Returns the file, or a copy of it in UTF-8. Raises RefusedFile if the encoding is not recognised."""
        head = _first_bytes(path)
        codec = "utf-16" if head.startswith(UTF_16) else "utf-8-sig"
        try:
            text = _head(head, codec)
        except UnicodeDecodeError as error:
            way = fonts.encoding(head, lists) if codec != "utf-16" else None
            if way is None:
                raise RefusedFile(_not_utf8(self.file_name, self._sheet)) from error
            codec, conversion = way
        else:
            cells = {cell.strip('"') for line in text.splitlines() for cell in csv_cells(line)}
            conversion = fonts.conversion(cells, (), lists, self.file_name)
            if conversion is None and codec != "utf-16" and not _ends_with_mark(path):
                return path
        if conversion:
            self.notes.append(fonts.inferred(conversion, self.file_name))
        elif codec != "utf-8-sig":
            encoding = {"file_name": self.file_name, "encoding": "utf16" if codec == "utf-16" else "cp1258"}
            self.notes.append(Problem("inferred_encoding", encoding))
        self._converted = tempfile.NamedTemporaryFile(prefix="mangnon-", suffix=".csv")  # noqa: SIM115 - lives as long as self
        convert = fonts.CONVERT[conversion] if conversion else str
        try:
            with (
                path.open(encoding=codec, newline="") as source,
                open(self._converted.name, "w", encoding="utf-8", newline="") as target,
            ):
                target.writelines(unicodedata.normalize("NFC", convert(END_MARK.sub("", line))) for line in source)
        except UnicodeError as error:
            raise RefusedFile(_not_utf8(self.file_name, self._sheet)) from error
        return Path(self._converted.name)

    def _rows(self, head: str, declared: str | None) -> tuple[str, list[list[str]], list[int]]:
        """Returns the separator, the first rows, and the line on which each ends.

        Raises RefusedFile if two separators fit equally well, or another one better than the declared one.
        """
        readings = {separator: _split(head, separator) for separator in {**SEPARATORS, declared or ",": ""}}
        counts = {separator: _most_fields(rows) for separator, (rows, _) in readings.items()}
        best = max(counts.values())
        likely = [separator for separator, count in counts.items() if count == best]
        if declared and counts[declared] == best:
            return declared, *readings[declared]
        if declared:
            likely = [declared, *likely]
        elif best == 0:
            likely = [max(SEPARATORS, key=lambda separator: head.partition("\n")[0].count(separator))]
        if len(likely) > 1:
            found = {
                "file_name": self.file_name,
                "likely": [SEPARATORS.get(separator, separator) for separator in likely],
            }
            raise RefusedFile(Problem("separator_ambiguous", found, sheet=self._sheet))
        if best and likely[0] != ",":
            found = {"file_name": self.file_name, "separator": SEPARATORS[likely[0]]}
            self.notes.append(Problem("inferred_separator", found, sheet=self._sheet))
        return likely[0], *readings[likely[0]]

    def _form(self, entries: dict[str, CoverEntry], rows: list[list[str]], place: str | None) -> Form:
        named = entries.get("form")
        if named is not None:
            form = all_forms().get(str(named.value))
            if form is None:
                raise RefusedFile(Problem("form_unknown", cell=named.cell, value=str(named.value)))
            if form in reference_forms() and place != REFERENCE_REPORTER:
                raise RefusedFile(Problem("reference_not_here", cell=named.cell, value=form.name))
            return form
        forms = [] if entries else layout.forms_of_header(rows, [])
        if len(forms) == 1:
            found = {"file_name": self.file_name, "form": forms[0].title}
            self.notes.append(Problem("inferred_form.text", found, sheet=self._sheet))
            return forms[0]
        if forms:
            self._refuse_two_tables(rows, forms)
            choices = [{"name": form.name, "title": form.title} for form in forms]
            raise RefusedFile(Problem("form_ambiguous.text", {"file_name": self.file_name, "forms": choices}))
        raise RefusedFile(Problem("cover_missing.text", {"file_name": self.file_name}, sheet=self._sheet))

    def _blocks(self, form: Form, notes: list[Problem]) -> Iterator[Block]:
        broken: list[pyarrow.csv.InvalidRow] = []

        def keep(row: pyarrow.csv.InvalidRow) -> str:
            broken.append(row)
            return "skip"

        names = [str(position) for position in range(len(self._headers))]
        shift = self._header_row - self._skipped_lines  # a row of the header may span several lines
        tails = Tails(self._path, self._separator, self._headers, form, self._skipped_lines)
        try:
            reader = pyarrow.csv.open_csv(
                self._path,
                read_options=pyarrow.csv.ReadOptions(
                    use_threads=False, block_size=BLOCK_BYTES, skip_rows=self._skipped_lines, column_names=names
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=self._separator, invalid_row_handler=keep, ignore_empty_lines=False
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
            next_row = self._header_row + 1
            reported = 0
            for batch in reader:
                taken = {row.number + shift for row in broken if row.number is not None}
                numbers = _numbers(next_row, batch.num_rows, taken)
                next_row = int(numbers[-1]) + 1 if len(numbers) else next_row
                yield self._block(numbers, batch.columns, broken[reported:], tails, shift)
                reported = len(broken)
            if broken[reported:]:
                none: list[pa.Array] = [pa.array([], pa.string()) for _ in names]
                yield self._block(np.array([], dtype=np.int64), none, broken[reported:], tails, shift)
        except pa.ArrowInvalid as error:
            if "Empty CSV file" not in str(error):
                raise RefusedForm(_not_utf8(self.file_name, self._sheet)) from error
        if tails.short:
            notes.append(Problem("rows_short", listed_rows([row + shift for row in tails.short]), sheet=self._sheet))

    def _block(
        self, numbers: np.ndarray, columns: list[pa.Array], broken: list[pyarrow.csv.InvalidRow], tails: Tails,
        shift: int,
    ) -> Block:  # fmt: skip
        """Returns a block of the rows that pyarrow could split and of those that can be mended, in their order."""
        refused, rows, found = [], [], []
        for row in broken:
            cells = tails.mended(row)
            if cells is None or row.number is None:
                refused.append(self._broken_row(row, shift))
            else:
                rows.append(cells)
                found.append(row.number + shift)
        if not rows:
            return Block(numbers, [Cells.of_text(column) for column in columns], refused)
        together = np.concatenate([numbers, np.array(found, dtype=np.int64)])
        order = np.argsort(together, kind="stable")
        mended = zip(*rows, strict=True)
        return Block(
            together[order],
            [
                Cells.of_text(pa.concat_arrays([column, pa.array(cells, pa.string())]).take(pa.array(order)))
                for column, cells in zip(columns, mended, strict=True)
            ],
            refused,
        )

    def _broken_row(self, row: pyarrow.csv.InvalidRow, shift: int) -> Problem:
        number = None if row.number is None else row.number + shift
        found = {"actual": row.actual_columns, "expected": row.expected_columns}
        return Problem("wrong_number_of_columns", found, sheet=self._sheet, row=number, value=row.text)


def csv_cells(line: str) -> list[str]:
    """Returns the cells of a line, split at every possible separator; good enough to recognise words."""
    for separator in SEPARATORS:
        line = line.replace(separator, "\n")
    return line.split("\n")


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _head(start: bytes, codec: str = "utf-8-sig") -> str:
    """Returns the beginning of a file as text, without a last character that is cut off. Raises UnicodeDecodeError."""
    return END_MARK.sub("", codecs.getincrementaldecoder(codec)().decode(start))


def _ends_with_mark(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 4, 0))
        return file.read().rstrip(b"\r\n").endswith(b"\x1a")


def _split(head: str, separator: str) -> tuple[list[list[str]], list[int]]:
    rows, ends = [], []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
            if len(rows) == HEAD_ROWS:
                break
    except csv.Error:
        pass  # the separator does not fit: keep the rows before the error
    return rows, ends


def _is_of_cover(row: list[str]) -> bool:
    """Returns whether a row is a line `#key,value`, or blank: some programs write a blank line after each."""
    return not any(cell.strip() for cell in row) or row[0].startswith("#")


def _most_fields(rows: list[list[str]]) -> int:
    """Returns how many fields of a form the header has, for the form with the most."""
    body = [row for row in rows if not (row and row[0].startswith("#"))]
    named = next((row[1].strip() for row in rows if row and row[0].strip() == "#form" and len(row) > 1), None)
    forms = [all_forms()[named]] if named in all_forms() else submission_forms()
    headers = [(form, layout.find_header(body, [], form)) for form in forms]
    return max((len(header.fields(form)) for form, header in headers if header), default=0)


def _declared(entries: dict[str, CoverEntry], form: Form) -> dict[str, float]:
    """Returns the totals that lines `#total:field,value` declare, by field. Raises RefusedFile if one is no number."""
    stated = {name: entry for name in form.totals if (entry := entries.get(f"total:{name}")) and entry.value}
    totals = {name: _total(str(entry.value)) for name, entry in stated.items()}
    if wrong := [name for name, total in totals.items() if total is None]:
        raise RefusedFile(
            *(unreadable_total(form, name, stated[name].value, stated[name].sheet, stated[name].cell) for name in wrong)
        )
    return {name: total for name, total in totals.items() if total is not None}


def _total(text: str) -> int | None:
    """Returns a declared total, such as `1.234`; None if it is no whole number that a sum can be."""
    try:
        total = read_unambiguous(text)
    except BadValue:
        return None
    return int(total) if 0 <= total < LARGEST_TOTAL and total == total.to_integral_value() else None


def _numbers(first: int, count: int, taken: set[int]) -> np.ndarray:
    """Returns the next `count` row numbers from `first`, without those of rows that could not be split."""
    numbers = np.arange(first, first + count + len(taken))
    return numbers[~np.isin(numbers, list(taken))][:count] if taken else numbers


def _not_utf8(file_name: str, sheet: str | None) -> Problem:
    return Problem("not_utf8", {"file_name": file_name}, sheet=sheet)
