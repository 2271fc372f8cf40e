"""The rows that findings speak of, for reporters whose file cannot be marked itself."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg import sql
from psycopg.rows import dict_row

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import all_forms
from mangnon.contract.template import choices
from mangnon.telling.feedback.findings import Feedback, Outcome
from mangnon.vietnamese import day, number
from mangnon.warehouse import Connection


@dataclass(frozen=True)
class Excerpt:
    """The rows of a form that findings speak of, by row number, as texts by field."""

    form: str
    rows: dict[int, dict[str, str]]


def excerpts(connection: Connection, feedback: Feedback, lists: CodeLists) -> list[Excerpt]:
    """The concerned rows of each form that has any."""
    concerned: dict[str, set[int]] = defaultdict(set)
    for finding in feedback.findings:
        if finding.form and finding.row is not None:
            concerned[finding.form].add(finding.row)
    found = []
    for outcome in feedback.outcomes:
        if outcome.form in concerned:
            rows = _rows(connection, outcome, sorted(concerned[outcome.form]), feedback, lists)
            found.append(Excerpt(outcome.form, dict(sorted(rows.items()))))
    return found


def _rows(
    connection: Connection, outcome: Outcome, numbers: list[int], feedback: Feedback, lists: CodeLists
) -> dict[int, dict[str, str]]:
    """Rows as they were sent where they were refused, and as they were read where they were loaded."""
    assert outcome.form is not None
    form = all_forms()[outcome.form]
    refused = connection.execute(
        "select row_number, cells from raw.refused_rows where load_id = %s and row_number = any(%s)",
        [outcome.load_id, numbers],
    )
    rows = {number: {field: text for field, text in cells.items() if text is not None} for number, cells in refused}
    with connection.cursor(row_factory=dict_row) as cursor:
        loaded = cursor.execute(
            sql.SQL("select * from {} where load_id = %s and row_number = any(%s)").format(
                sql.Identifier("raw", form.name)
            ),
            [outcome.load_id, numbers],
        ).fetchall()
    labels = {
        field.name: choices(field, feedback.reporter, feedback.period, lists)
        for field in form.fields
        if feedback.reporter and feedback.period
    }
    for row in loaded:
        rows[row["row_number"]] = {
            field.name: _shown(labels.get(field.name, {}).get(row[field.name], row[field.name]))
            for field in form.fields
            if row[field.name] not in (None, False)
        }
    return rows


def _shown(value: object) -> str:
    if isinstance(value, date):
        return day(value)
    return number(value) if isinstance(value, int | Decimal) else str(value)
