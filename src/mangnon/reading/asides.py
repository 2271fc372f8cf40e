"""What rows that are no data say of the rows around them: that another table begins, another month, or a unit.

Such a row refuses the form, because the rows below it would be read as what they are not.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from xlsxwriter.utility import xl_rowcol_to_cell

from mangnon.contract.forms import Form
from mangnon.reading.months import months_in
from mangnon.reading.problems import Place, Problem, RefusedForm
from mangnon.reading.rows import OTHER_TABLE
from mangnon.reading.tables import Table
from mangnon.reading.vocabulary import UNITS, UnitLine, unit_line


class Asides:
    """Follows the rows of a table that break the contract, from its top to its end."""

    def __init__(self, form: Form, table: Table, units: Mapping[str, str | None], period: date) -> None:
        self._form, self._table, self._units, self._period = form, table, units, period
        self._notes: list[tuple[str, Place]] = []  # since the last other row; they may be titles of another table

    def follow(self, row: int, kind: str | None, cells: Sequence[str | None]) -> None:
        """Takes the next row, of a kind as `rows.kind_of` returns it. Raises RefusedForm."""
        for column, text in enumerate(cells):
            if text is None:
                continue
            where: Place = {"sheet": self._table.sheet_name, "row": row, "cell": xl_rowcol_to_cell(row - 1, column)}
            if kind == OTHER_TABLE:
                found = {"form": self._form.title, "header_row": self._table.header_row}
                raise RefusedForm(Problem("table_below", found, **where))
            if kind in (None, "note") and (line := unit_line(text)):
                self._refuse_unit(line, text, where)
            if kind == "note":
                self._notes.append((text, where))
        if kind == "header":
            self._refuse_month_above()
        if kind != "note":
            self._notes = []

    def _refuse_unit(self, line: UnitLine, text: str, where: Place) -> None:
        """Raises RefusedForm unless the columns of money have this unit anyway."""
        units = self._units.values() if line.unit else ()
        if line.is_scale_of_counts or not all(unit and UNITS[unit] == UNITS[line.unit or ""] for unit in units):
            raise RefusedForm(Problem("unit_below", {"form": self._form.title}, **where, value=text))

    def _refuse_month_above(self) -> None:
        """Raises RefusedForm if the titles above a repeated header name another month."""
        for text, where in self._notes:
            months = set(months_in(text))
            if months and self._period not in months:
                raise RefusedForm(Problem("periods_differ.cover", {"period": self._period}, **where, value=text))
