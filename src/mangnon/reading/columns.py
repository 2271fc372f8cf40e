"""Finds the field of each column of a table, and the unit of its money."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.forms import Field, Form
from mangnon.reading.cells import Cells
from mangnon.reading.layout import Path, match_field, unit_in
from mangnon.reading.problems import Place, Problem, RefusedForm
from mangnon.reading.tables import Table
from mangnon.reading.vocabulary import ORDINALS, UNITS, fold, normalised, unit_of


@dataclass(frozen=True)
class Columns:
    """The position of each field's column, the units of money by field, and what was inferred or is not read."""

    positions: dict[str, int]
    units: dict[str, str | None]
    notes: list[Problem]


def find_columns(table: Table, form: Form) -> Columns:
    """Returns the columns of a table. A column that is no field is not read.

    Raises RefusedForm if a column is missing or doubled, or if its unit contradicts the unit above the table. A column
    that may be empty may also be missing; in reference data only one that older lists do not have.
    """
    found = Columns({}, {}, [])
    wrong: list[Problem] = []
    for position, path in enumerate(table.headers):
        if not path:
            continue
        cell = xl_rowcol_to_cell(table.header_row - 1, position)
        shown = " / ".join(path)
        match = match_field(path, form.name)
        if match is None:
            ignored = "column_ignored.ordinal" if fold(shown) in ORDINALS else "column_ignored.unknown"
            found.notes.append(Problem(ignored, sheet=table.sheet_name, cell=cell, value=shown))
        elif match.field.name in found.positions:
            place: Place = {"sheet": table.sheet_name, "field": match.field.name, "cell": cell}
            wrong.append(Problem("column_doubled", {"column": match.field.title}, **place))
        else:
            found.positions[match.field.name] = position
            if not match.is_exact:
                header = {"header": shown, "column": match.field.title}
                found.notes.append(Problem("inferred_header", header, **_place(table, match.field, cell)))
            if match.field.unit:
                wrong += _decide_unit(table, match.field, path, cell, found)
    wrong += _missing(table, form, found)
    if wrong:
        raise RefusedForm(*wrong)
    return found


def unnamed_columns(table: Table, columns: Sequence[Cells]) -> Iterator[tuple[int, Problem]]:
    """Yields the columns of a block that have cells but no header, with the note that they are not read."""
    for position, path in enumerate(table.headers):
        if not path and pc.any(columns[position].filled()).as_py():
            cell = xl_rowcol_to_cell(table.header_row - 1, position)
            yield position, Problem("column_unnamed", sheet=table.sheet_name, cell=cell)


def _decide_unit(table: Table, field: Field, path: Path, cell: str, found: Columns) -> list[Problem]:
    in_header = field.unit if normalised(path[-1]) == field.name else unit_in(path)
    line = table.unit_line
    above = unit_of(line.value) if line else None
    if in_header and line and above and UNITS[in_header] != UNITS[above]:
        both = {"column": field.title, "unit": in_header, "other_cell": line.cell, "line": line.text}
        return [Problem("units_contradict", both, **_place(table, field, cell))]
    found.units[field.name] = in_header or above
    if line and above and not in_header:
        unit = {"column": field.title, "unit": above, "other_cell": line.cell}
        found.notes.append(Problem("inferred_unit.column", unit, **_place(table, field, cell)))
    return []


def _missing(table: Table, form: Form, found: Columns) -> list[Problem]:
    missing = [field for field in form.fields if field.name not in found.positions]
    needed = [field for field in missing if field.required or (form.kind == "reference" and not field.may_be_missing)]
    if needed:
        what = {
            "form": form.title,
            "columns": [field.title for field in needed],
            "unread": [" / ".join(path) for path in table.headers if path and not match_field(path, form.name)],
        }
        return [Problem("column_missing", what, sheet=table.sheet_name, row=table.header_row)]
    if missing:
        absent = {"columns": [field.title for field in missing]}
        found.notes.append(Problem("column_absent", absent, sheet=table.sheet_name, row=table.header_row))
    return []


def _place(table: Table, field: Field, cell: str) -> Place:
    return {"sheet": table.sheet_name, "row": table.header_row, "field": field.name, "cell": cell}
