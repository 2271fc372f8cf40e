"""Explaining a figure: from its definition to the rows that make it, and from each row to the cell of an archived file.

Nothing is known here of any single figure: the definitions are rows of marts.dim_figures, as the release knew them. The
rows are those that BI sees in the star views, so that what they add up to is a check of the published figure.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import groupby
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from mangnon.contract.figures import Filter, filters, line_field, members
from mangnon.contract.forms import AREAS, Field, Form, all_forms
from mangnon.failures import Failure
from mangnon.intake.archive import address
from mangnon.vietnamese import listed, moment, month, number, quoted
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql

LINES = sql.SQL(
    """
    (
        select
            facts.load_id, facts.line, facts.area_version, facts.reporter_code, cells.sheet_name, cells.row_number,
            {value}::numeric as value, {qualifier} as qualifier, {member} as member
        from {fact} as facts
        inner join {cells} as cells using (load_id, line)
        {joins}
        where {value} is not null {conditions}
    )
    """
)
PERCENT = Decimal("0.01")


class NothingToExplain(Failure):
    """The release knows no such figure of that year."""


@dataclass(frozen=True)
class Part:
    """A cell that makes a figure: what it says, and where it stands. The names of the columns are those of the CSV."""

    figure: str
    year: int
    measure: str
    value: Decimal
    qualifier: str
    member: str | None  # what is counted once, in figures that count different ones
    reporter_code: str
    reporter: str
    period: date
    area: str
    form: str
    load_id: int
    line: int
    revision: int
    file_name: str
    sheet_name: str | None
    row_number: int
    column_title: str
    sha256: str
    is_synthetic: bool
    place: str | None  # the folder of the inbox in which the file lay; None before there were places

    @property
    def archived(self) -> str:
        """Where the file lies in the archive."""
        return address(self.sha256)


@dataclass(frozen=True)
class Explanation:
    """A published figure and the cells behind it."""

    definition: dict[str, Any]
    counted: dict[str, Any]  # the definition of the figure whose cells these are: of a change that which is compared
    list_of_figures: dict[str, Any]  # the delivery that the definitions come from
    release_id: int
    year: int
    published: Decimal | None
    parts: list[Part]

    @property
    def value(self) -> Decimal | None:
        """The value that the cells give by the figure's definition; None without cells."""
        this_year = self.value_of(self.year)
        if self.definition["aggregation"] != "change":
            return this_year
        year_before = self.value_of(self.year - 1)
        return None if this_year is None or year_before is None else this_year - year_before

    @property
    def agrees(self) -> bool:
        """Whether that is what the release published."""
        return self.value == self.published

    def value_of(self, year: int) -> Decimal | None:
        """Returns the value that the cells of a year give; None without cells."""
        total = self.sum_of(self.counted["measure"], year)
        match self.counted["aggregation"]:
            case "count_distinct" if total is not None:
                return Decimal(len(self.members_of(year)))
            case "percent":
                whole = self.sum_of(self.counted["denominator"], year)
                return (100 * total / whole).quantize(PERCENT, ROUND_HALF_UP) if total is not None and whole else None
        return total

    def sum_of(self, measure: str, year: int) -> Decimal | None:
        """Returns the sum of the cells of a measure and a year; None without cells."""
        values = [part.value for part in self.parts if (part.measure, part.year) == (measure, year)]
        return sum(values, Decimal()) if values else None

    def members_of(self, year: int) -> list[str]:
        """The different ones that the figure counts."""
        return sorted({part.member for part in self.parts if part.member and part.value > 0 and part.year == year})


def explain(connection: Connection, figure: str, year: int) -> Explanation:
    """The figure in the release that the connection looks at. Raises NothingToExplain."""
    try:
        published = _published(connection, figure, year)
        definition = counted = _definition(connection, figure)
        years = [year]
        if definition["aggregation"] == "change":
            counted = _definition(connection, definition["compared_figure"])
            years = [year, year - 1]
        parts = [part for one in years for part in _parts(connection, counted, one)]
        list_of_figures = _list_of_figures(connection)
    except psycopg.errors.InvalidParameterValue as error:  # an unknown or a pruned release
        raise NothingToExplain(
            "; ".join(filter(None, [error.diag.message_primary, error.diag.message_hint]))
        ) from error
    return Explanation(definition, counted, list_of_figures, published["release_id"], year, published["value"], parts)


def as_csv(explanation: Explanation) -> str:
    """The cells as CSV, numbers plain, one line a cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [*(field.name for field in fields(Part)), "archived"]
    writer.writerow(columns)
    for part in explanation.parts:
        cells = (getattr(part, column) for column in columns)
        writer.writerow(f"{cell:f}" if isinstance(cell, Decimal) else cell for cell in cells)
    return text.getvalue()


def as_text(explanation: Explanation) -> str:
    """The cells as people read them, file by file, with what they make at the end."""
    return "\n".join(_lines(explanation)) + "\n"


def _published(connection: Connection, figure: str, year: int) -> dict[str, Any]:
    query = "select release_id, value from marts.annual_report where figure = %s and year = %s"
    with connection.cursor(row_factory=dict_row) as cursor:
        if published := cursor.execute(query, [figure, year]).fetchone():
            return published
    raise NothingToExplain(f"the release has no figure {figure} of {year}: `mangnon report --year {year}` shows which")


def _definition(connection: Connection, figure: str) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        definition = cursor.execute("select * from marts.dim_figures where figure = %s", [figure]).fetchone()
    if definition is None:
        raise NothingToExplain(f"the release has no definition of figure {figure}")
    return definition


def _list_of_figures(connection: Connection) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(__package__, "list_of_figures")).fetchone() or {}


def _parts(connection: Connection, definition: dict[str, Any], year: int) -> list[Part]:
    form = _form(definition)
    measures = [name for name in (definition["measure"], definition["denominator"]) if name]
    parts: list[Part] = []
    for measure in measures:
        query = sql.SQL(read_sql(__package__, "cells")).format(lines=_selected_lines(form, definition, measure))
        parameters = definition | {
            "year": year,
            "measure": measure,
            "title": form.field(measure).title,
            "is_snapshot": form.kind == "snapshot",
        }
        with connection.cursor(row_factory=class_row(Part)) as cursor:
            parts += cursor.execute(query, parameters).fetchall()
    return parts


def _form(definition: dict[str, Any]) -> Form:
    """The form that the definition speaks of. Raises NothingToExplain when it asks for what no such form has.

    Definitions are delivered: what they name becomes SQL only where the contract declares it.
    """
    form = all_forms().get(definition["form"])
    if form is None or form.kind == "reference":
        raise _unusable(definition, "form", "is no form of submissions")
    fields = {field.name: field for field in form.fields}
    for column in ("measure", "denominator"):
        name = definition[column]
        if name and (name not in fields or fields[name].type not in ("integer", "number")):
            raise _unusable(definition, column, f"is no measure of the form {form.name}")
    counted = definition["distinct_of"]
    if counted and counted != "area" and counted not in _attributes():
        raise _unusable(definition, "distinct_of", "cannot be counted")
    for attribute in _attributes_of(definition):
        if _field_of(attribute) not in fields:
            raise _unusable(definition, attribute, f"is asked for, which the form {form.name} does not have")
    return form


def _unusable(definition: dict[str, Any], column: str, why: str) -> NothingToExplain:
    return NothingToExplain(
        f"figure {definition['figure']} cannot be explained: in its definition {column} “{definition[column]}” {why}. "
        "Mend the list `figures` and deliver it: `mangnon reference deliver`"
    )


@cache
def _attributes() -> dict[str, tuple[str, str] | None]:
    """Returns the attributes that a definition may name; for the kind of a code the dimension and its key."""
    counted = [field for field in map(line_field, members()) if field.codes != AREAS]
    asked: list[Filter | Field] = [*filters(), *counted]
    return {
        one.name: (one.dimension, one.field) if isinstance(one, Filter) and one.is_kind and one.dimension else None
        for one in asked
    }


def _given(definition: dict[str, Any]) -> list[str]:
    """The filters that the definition sets."""
    return [one.name for one in filters() if definition.get(one.name) is not None]


def _attributes_of(definition: dict[str, Any]) -> list[str]:
    """Returns the attributes that the definition filters by, and the one whose members it counts."""
    counted = definition["distinct_of"]
    return [*_given(definition), counted] if counted in _attributes() else _given(definition)


def _field_of(attribute: str) -> str:
    """The field of a form that says it, or says the code of which the dimension knows it."""
    dimension = _attributes()[attribute]
    return dimension[1] if dimension else attribute


def _selected_lines(form: Form, definition: dict[str, Any], measure: str) -> sql.Composed:
    """The lines of a measure: the fact, filtered as the definition says, joined to raw for where they stand."""
    given, attributes = _given(definition), _attributes()
    distinct = definition["distinct_of"] if measure == definition["measure"] else None
    dimensions = {attributes[name] for name in (*given, distinct) if name in attributes}
    conditions: list[sql.Composable] = [
        sql.SQL("{} = {}").format(_column(name), sql.Placeholder(name)) for name in given
    ]
    if form.has_subsets:
        conditions.append(sql.SQL("facts.is_subset = %(is_subset)s"))
    return LINES.format(
        value=sql.Identifier("facts", measure),
        # A number of events is exact; what is estimated is how many came.
        qualifier=sql.Literal("eq") if measure == "event_count" else sql.Identifier("facts", "qualifier"),
        member=_member(distinct) if distinct else sql.NULL,
        fact=sql.Identifier("core", f"fct_{form.name}"),
        cells=sql.Identifier("raw", form.name),
        joins=sql.SQL(" ").join(
            sql.SQL("inner join {} on {} = {}").format(
                sql.Identifier("marts", table), sql.Identifier("facts", key), sql.Identifier(table, key)
            )
            for table, key in sorted(filter(None, dimensions))
        ),
        conditions=sql.SQL("").join(sql.SQL(" and {}").format(condition) for condition in conditions),
    )


def _column(attribute: str) -> sql.Identifier:
    """Where a line says it: in the fact, in a dimension that knows its code's kind, or as it was written."""
    if attribute == "area":
        return sql.Identifier("cells", "area")
    dimension = _attributes()[attribute]
    return sql.Identifier(dimension[0] if dimension else "facts", attribute)


def _member(attribute: str) -> sql.Composed:
    """The member that a line names; nothing if it names none."""
    return sql.SQL("case when {member} not in ('total', 'not_applicable', 'unknown') then {member} end").format(
        member=_column(attribute)
    )


def _lines(explanation: Explanation) -> Iterator[str]:
    definition = explanation.definition
    yield f"{definition['figure']}  {definition['figure_label']} ({definition['unit']}), năm {explanation.year}"
    yield f"Bản số {explanation.release_id}. {_rule(explanation)}"
    if delivered := explanation.list_of_figures:
        yield _delivered(**delivered)
    if any(part.is_synthetic for part in explanation.parts):
        yield "Lập từ dữ liệu mẫu: số liệu chia theo huyện là giả định, không phải số liệu thật."
    for _, parts in groupby(explanation.parts, key=lambda part: part.load_id):
        yield from _lines_of_load(list(parts))
    yield ""
    for label, total in _totals(explanation):
        yield f"{label}: {total}"
    yield f"Đã công bố: {number(explanation.published)}. " + (
        "Khớp." if explanation.agrees else "KHÔNG KHỚP: danh mục đã đổi sau khi các biểu này được đọc; hãy đọc lại."
    )


def _delivered(revision: int, delivered_at: datetime, delivered_by: str | None, reason: str | None) -> str:
    how = f"do {delivered_by} nạp, lý do: {reason}" if delivered_by else "nhận qua thư mục nhận tệp"
    return f"Định nghĩa: danh mục chỉ tiêu lần {revision}, {moment(delivered_at)}, {how}."


def _lines_of_load(parts: list[Part]) -> Iterator[str]:
    load = parts[0]
    sender = f"{load.reporter} ({load.reporter_code})"
    yield f"\n{month(load.period)}  {sender}, lần gửi {load.revision}, load {load.load_id}"
    yield f"  tệp {load.place + '/' if load.place else ''}{load.file_name}, sha256 {load.sha256}"
    yield f"  lưu tại {load.archived}"
    for part in parts:
        sheet = f"trang “{part.sheet_name}”, " if part.sheet_name else ""
        value = number(part.value, part.qualifier)
        member = f"  [{part.member}]" if part.member else ""
        yield f"    {sheet}dòng {part.row_number}, cột “{part.column_title}”: {value}{member}  {part.area}".rstrip()


def _rule(explanation: Explanation) -> str:
    """How the cells make the figure, in a sentence."""
    counted, year = explanation.counted, explanation.year
    match counted["aggregation"]:
        case "percent":
            rule = f"{_title(counted, 'measure')} trên {_title(counted, 'denominator')}, tính theo phần trăm"
        case "count_distinct":
            rule = "Đếm những gì nêu trong ngoặc vuông, mỗi thứ một lần"
        case _:
            rule = "Cộng các ô dưới đây"
    if all_forms()[counted["form"]].kind == "snapshot":
        rule += "; mỗi đơn vị lấy tháng báo cáo cuối cùng trong năm"
    if explanation.definition is not counted:
        rule += f"; lấy {counted['figure']} năm {year} trừ năm {year - 1}"
    return f"{rule}."


def _totals(explanation: Explanation) -> Iterator[tuple[str, str]]:
    counted, year = explanation.counted, explanation.year
    years = [year] if explanation.definition is counted else [year, year - 1]
    for one in years:
        label = "Tổng" if len(years) == 1 else f"Năm {one}"
        if counted["aggregation"] == "percent":
            for column in ("measure", "denominator"):
                yield _title(counted, column), number(explanation.sum_of(counted[column], one))
        members = f" ({listed(explanation.members_of(one))})" if counted["distinct_of"] else ""
        yield label, f"{number(explanation.value_of(one))}{members}"
    if len(years) > 1:
        yield "Thay đổi", number(explanation.value)


def _title(definition: dict[str, Any], column: str) -> str:
    return quoted(all_forms()[definition["form"]].field(definition[column]).title)
