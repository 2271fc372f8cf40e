"""Which column of a table is which field of its form, and in which unit its money is."""

from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.forms import Field, Form
from mangnon.reading.layout import Path, match_field, unit_in
from mangnon.reading.problems import Problem, RefusedForm
from mangnon.reading.tables import Table
from mangnon.reading.vocabulary import ORDINALS, UNITS, fold, normalised, unit_of


@dataclass(frozen=True)
class Columns:
    """Where each field's column stands, the units of money by field, and what was inferred or is not read."""

    positions: dict[str, int]
    units: dict[str, str | None]
    notes: list[Problem]


def find_columns(table: Table, form: Form) -> Columns:
    """The columns of a table. Raises RefusedForm when one is missing or doubled, or its unit contradicts the table's.

    A column that may be empty may be missing, except in reference data. A column that is no field is not read.
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
            why = "là số thứ tự" if fold(shown) in ORDINALS else "không thuộc biểu"
            text = f"Cột “{shown}” {why} nên không được đọc."
            found.notes.append(Problem("column_ignored", text, table.sheet_name, cell=cell, severity="info"))
        elif match.field.name in found.positions:
            text = f"Cột “{match.field.title}” có hai lần."
            wrong.append(Problem("column_doubled", text, table.sheet_name, field=match.field.name, cell=cell))
        else:
            found.positions[match.field.name] = position
            if not match.is_exact:
                text = f"Cột “{shown}” được hiểu là cột “{match.field.title}”."
                found.notes.append(_note("inferred_header", text, table, match.field, cell))
            if match.field.unit:
                wrong += _decide_unit(table, match.field, path, cell, found)
    wrong += _missing(table, form, found)
    if wrong:
        raise RefusedForm(*wrong)
    return found


def _decide_unit(table: Table, field: Field, path: Path, cell: str, found: Columns) -> list[Problem]:
    in_header = field.unit if normalised(path[-1]) == field.name else unit_in(path)
    line = table.unit_line
    above = unit_of(line.value) if line else None
    if in_header and line and above and UNITS[in_header] != UNITS[above]:
        text = (
            f"Cột “{field.title}” ghi đơn vị “{in_header}” nhưng ô {line.cell} phía trên bảng ghi “{line.text}”. "
            "Hãy giữ một đơn vị."
        )
        return [Problem("units_contradict", text, table.sheet_name, table.header_row, field.name, cell)]
    found.units[field.name] = in_header or above
    if line and above and not in_header:
        text = f"Cột “{field.title}” được đọc theo đơn vị “{above}” ghi ở ô {line.cell}."
        found.notes.append(_note("inferred_unit", text, table, field, cell))
    return []


def _missing(table: Table, form: Form, found: Columns) -> list[Problem]:
    missing = [field for field in form.fields if field.name not in found.positions]
    needed = [field for field in missing if field.required or form.kind == "reference"]
    if needed:
        unread = ", ".join(
            f"“{' / '.join(path)}”" for path in table.headers if path and not match_field(path, form.name)
        )
        text = f"Biểu “{form.title}” thiếu cột: {_listed(needed)}."
        text += f" Các cột không nhận ra: {unread}." if unread else ""
        text += " Hãy ghi tên cột như tệp mẫu, hoặc thêm cột còn thiếu."
        return [Problem("column_missing", text, table.sheet_name, row=table.header_row)]
    if missing:
        text = f"Biểu không có cột {_listed(missing)}: được đọc như để trống."
        found.notes.append(Problem("column_absent", text, table.sheet_name, table.header_row, severity="info"))
    return []


def _listed(fields: list[Field]) -> str:
    return ", ".join(f"“{field.title}”" for field in fields)


def _note(rule: str, text: str, table: Table, field: Field, cell: str) -> Problem:
    return Problem(rule, text, table.sheet_name, table.header_row, field.name, cell, severity="info")
