"""Tables of a shape that the reader does not read: beside another table, or with their headers down a column.

They are refused by name. Read as the only table, one of them would lose the rows or the columns of the other.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest

from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.forms import Form
from mangnon.reading import layout
from mangnon.reading.problems import Problem, RefusedForm

# A row with fewer texts is no header of a form.
FEWEST_TITLES = 3
HAS_DIGIT = re.compile(r"\d")


def refuse_transposed(rows: Sequence[Sequence[object]], sheet: str | None, but: Sequence[str] = ()) -> None:
    """Raises RefusedForm if the headers of a form, other than those of `but`, stand below each other in one column."""
    columns = [list(column) for column in zip_longest(*(row[: layout.WIDEST] for row in rows), fillvalue="")]
    forms = [form for form in layout.forms_of_header(columns, []) if form.name not in but]
    if forms:
        header = layout.find_header(columns, [], forms[0])
        column = xl_rowcol_to_cell(0, header.first_row)[:-1] if header else ""
        raise RefusedForm(Problem("table_transposed", {"form": forms[0].title, "column": column}, sheet=sheet))


def refuse_beside(
    rows: Sequence[Sequence[object]],
    merged: Sequence[layout.Range],
    header: layout.Header,
    form: Form,
    sheet: str | None,
) -> None:
    """Raises RefusedForm if there is another table on the left or on the right of the form's."""
    left, right = _borders(header, form)
    for part in (
        [list(row[:left]) for row in rows],
        [[""] * right + list(row[right : layout.WIDEST]) for row in rows],
    ):
        if not any(_has_titles(row) for row in part):
            continue
        others = layout.forms_of_header(part, [area for area in merged if not left <= area[0][1] < right])
        if others and (other := layout.find_header(part, merged, others[0])):
            first = min(other.fields(others[0]))
            cell = xl_rowcol_to_cell(other.first_row, first)
            found = {"form": form.title, "other_cell": xl_rowcol_to_cell(header.first_row, left)}
            raise RefusedForm(Problem("table_beside", found, sheet=sheet, cell=cell))


def refuse_two(
    rows: Sequence[Sequence[object]], merged: Sequence[layout.Range], forms: Sequence[Form], sheet: str | None
) -> None:
    """Raises RefusedForm if the rows fit several forms because two tables are side by side."""
    for form in forms:
        if header := layout.find_header(rows, merged, form):
            refuse_beside(rows, merged, header, form, sheet)


def refuse_merged_numbers(
    rows: Sequence[Sequence[object]],
    merged: Sequence[layout.Range],
    header: layout.Header,
    form: Form,
    sheet: str | None,
) -> None:
    """Raises RefusedForm if a number below the header belongs to several rows, or to several columns of numbers."""
    numbers = {column for column, match in header.fields(form).items() if match.field.type in ("integer", "number")}
    for (top, left), (bottom, right) in merged:
        if not header.last_row < top < len(rows) or left >= len(rows[top]):
            continue
        columns = numbers & set(range(left, right + 1))
        if HAS_DIGIT.search(str(rows[top][left])) and ((columns and top < bottom) or len(columns) > 1):
            cells = f"{xl_rowcol_to_cell(top, left)}:{xl_rowcol_to_cell(bottom, right)}"
            where = {"sheet": sheet, "row": top + 1, "cell": xl_rowcol_to_cell(top, left)}
            raise RefusedForm(Problem("merged_number", {"cells": cells}, **where, value=str(rows[top][left])))


def _borders(header: layout.Header, form: Form) -> tuple[int, int]:
    """Returns the first column of the table, and the first one that is no longer of it."""
    fields = header.fields(form)
    seen: set[str] = set()
    for position in sorted(fields):
        if fields[position].field.name in seen:
            return min(fields), position
        seen.add(fields[position].field.name)
    return min(fields), max(fields) + 1


def _has_titles(row: Sequence[object]) -> bool:
    return sum(isinstance(cell, str) and cell.strip() != "" for cell in row) >= FEWEST_TITLES
