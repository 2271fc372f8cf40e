"""The rows of a form: what was found of them becomes rows of `raw`."""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow
import pyarrow.csv
from psycopg import sql

from mangnon.contract.forms import Form
from mangnon.intake.places import sender_of
from mangnon.reading.cover import Cover
from mangnon.reading.delivery import FormBegun, FormRead, FormRefused, Message
from mangnon.reading.problems import Problem, RefusedForm
from mangnon.reading.reader import ReadBlock, RefusedRow
from mangnon.warehouse import Connection


@dataclass(frozen=True)
class Delivery:
    """A row of ops.deliveries that is to be read."""

    delivery_id: int
    sha256: str
    file_name: str
    reporter_code: str | None
    place: str | None

    @property
    def sender(self) -> str:
        """Whose file it is. Each file that the office files stands alone, as does one that names no reporter."""
        return sender_of(self.place, self.reporter_code, self.sha256)


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


def copy_rows(connection: Connection, load: Load, form: Form, begun: FormBegun, messages: Iterator[Message]) -> None:
    """Copies the good rows of a form into raw; a form that cannot be read at all leaves none."""
    assert load.cover is not None
    load.declared_totals = load.cover.forms[form.name]
    load.problems += begun.notes
    columns = ["load_id", "line", "sheet_name", "row_number", *(field.name for field in form.fields)]
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier("raw", form.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    try:
        with connection.transaction(), connection.cursor().copy(statement) as copy:
            for data in csv_blocks(load, messages):
                copy.write(data)
    except RefusedForm as refusal:
        load.rows_loaded, load.refused = 0, []
        load.refuse(refusal.problems)


def csv_blocks(load: Load, messages: Iterator[Message]) -> Iterator[memoryview]:
    """The good rows of a form block by block, as CSV; what else was found is noted in the load. Raises RefusedForm."""
    options = pyarrow.csv.WriteOptions(include_header=False)
    for message in messages:
        if isinstance(message, ReadBlock):
            load.rows_loaded += message.rows.num_rows
            load.refused += message.refused
            load.problems += message.problems
            rows = message.rows.add_column(0, "load_id", pyarrow.repeat(load.load_id, message.rows.num_rows))
            buffer = io.BytesIO()
            pyarrow.csv.write_csv(rows, buffer, options)
            yield buffer.getbuffer()
        elif isinstance(message, FormRead):
            load.declared_totals = message.declared_totals
            load.problems += message.notes
            return
        elif isinstance(message, FormRefused):
            raise RefusedForm(*message.problems)
