"""The rows of a form: who may submit it, and what of it becomes rows of `raw`. It decides them, as the reader does."""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow.csv
from psycopg import sql

from mangnon.contract.code_lists import CodeLists, Reporter
from mangnon.contract.forms import Form
from mangnon.reading.cover import Cover
from mangnon.reading.problems import Problem, RefusedFile, RefusedForm
from mangnon.reading.reader import FormReader, RefusedRow
from mangnon.reading.tables import Source
from mangnon.settings import TIMEZONE
from mangnon.vietnamese import cover_month
from mangnon.warehouse import Connection


@dataclass(frozen=True)
class Delivery:
    """A row of ops.deliveries that is to be read."""

    delivery_id: int
    sha256: str
    file_name: str
    reporter_code: str | None


@dataclass
class Load:
    """One reading of one form: its row of ops.loads, and what goes with it."""

    load_id: int
    delivery: Delivery
    cover: Cover | None
    form: str | None
    state: str = "loaded"
    rows_loaded: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    declared_totals: Mapping[str, float] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Refuses the load as a whole."""
        self.state = "refused"
        self.problems.extend(problems)


def reporter_of(cover: Cover, code_lists: CodeLists) -> Reporter:
    """Returns the reporter. Raises RefusedFile when none has that code in that period."""
    reporter = code_lists.reporters.get(cover.reporter_code)
    if reporter is None:
        raise RefusedFile(Problem("reporter_unknown.code", value=cover.reporter_code))
    if not reporter.is_valid_in(cover.period):
        found = {"name": reporter.name, "period": cover.period}
        raise RefusedFile(Problem("reporter_not_valid", found, value=cover.reporter_code))
    if cover.period > datetime.now(TIMEZONE).date():
        raise RefusedFile(Problem("period_in_future", value=cover_month(cover.period)))
    return reporter


def copy_rows(
    connection: Connection, load: Load, source: Source, form: Form, reporter: Reporter | None, code_lists: CodeLists
) -> None:
    """Copies the good rows of a form into raw; a form that cannot be read at all leaves none."""
    assert load.cover is not None
    load.declared_totals = load.cover.forms[form.name]
    columns = ["load_id", "line", "sheet_name", "row_number", *(field.name for field in form.fields)]
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier("raw", form.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    try:
        with connection.transaction(), connection.cursor().copy(statement) as copy:
            for data in csv_blocks(load, source, FormReader(form, code_lists, reporter, load.cover.period)):
                copy.write(data)
    except RefusedForm as refusal:
        load.rows_loaded, load.refused = 0, []
        load.refuse(refusal.problems)


def csv_blocks(load: Load, source: Source, reader: FormReader) -> Iterator[memoryview]:
    """The good rows of a form block by block, as CSV; what else was found is noted in the load."""
    options = pyarrow.csv.WriteOptions(include_header=False)
    load.problems += source.notes
    reading = reader.read(source.table(reader.form))
    for block in reading:
        load.rows_loaded += block.rows.num_rows
        load.refused += block.refused
        load.problems += block.problems
        rows = block.rows.add_column(0, "load_id", pyarrow.repeat(load.load_id, block.rows.num_rows))
        buffer = io.BytesIO()
        pyarrow.csv.write_csv(rows, buffer, options)
        yield buffer.getbuffer()
    load.declared_totals = reading.declared(load.declared_totals)
    load.problems += reading.notes()
