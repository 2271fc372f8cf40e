"""Reads a file without a warehouse."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from mangnon.contract.code_lists import OFFICE
from mangnon.contract.forms import all_forms
from mangnon.contract.template import write_template
from mangnon.reading.opening import open_source
from mangnon.reading.problems import Problem, RefusedForm
from mangnon.reading.reader import FormReader
from support.messy import (
    LISTS,
    submission,
)

FROM_OFFICES = Path(__file__).parents[1] / "fixtures" / "office"
JUNE = date(2020, 6, 1)
HA_LONG = submission("193", JUNE)
Rows = dict[str, list[dict[str, Any]]]


def read(path: Path) -> tuple[Any, Rows, list[Problem]]:
    """Returns the cover, the rows by form, and all problems."""
    source = open_source(path, path.name, LISTS, OFFICE)
    problems = list(source.notes)
    rows: Rows = {}
    for name in source.cover.forms:
        reporter = LISTS.reporters[source.cover.reporter_code]
        try:
            reading = FormReader(all_forms()[name], LISTS, reporter, source.cover.period).read(
                source.table(all_forms()[name])
            )
            blocks = list(reading)
            problems += [problem for block in blocks for problem in block.problems]
            reading.declared(source.cover.forms[name])
            problems += reading.notes()
            table = pa.concat_tables([block.rows for block in blocks])
            rows[name] = table.drop_columns(["sheet_name", "row_number"]).to_pylist()
        except RefusedForm as refusal:
            problems += refusal.problems
    return source.cover, rows, problems


def clean(folder: Path, sent: Any) -> Rows:
    """Returns the rows that are read from the template when the sample fills it in."""
    path = folder / "clean.xlsx"
    write_template(path, LISTS.reporters[sent.reporter], sent.period, LISTS, sent.lines)
    return read(path)[1]


def rules(problems: list[Problem], severity: str) -> set[str]:
    """Returns the rules of all problems with this severity."""
    return {problem.rule for problem in problems if problem.severity == severity}
