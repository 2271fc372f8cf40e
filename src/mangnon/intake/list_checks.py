"""What must hold within a list of reference data, and between it and the others: checked before anybody reads with it.

Rows are mappings by the field names of the list's form, with `row_number`. Nothing here looks at a database.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from mangnon.contract import figures
from mangnon.contract.forms import Form, code_lists, submission_forms
from mangnon.reading.problems import Problem

Row = Mapping[str, Any]
Lists = Mapping[str, Sequence[Row]]  # rows by the name of the form

# The fields that identify a line of each list.
KEYS = {
    "areas": ("area_code", "valid_from"),
    "successions": ("from_code", "from_valid_from", "to_code", "effective_on"),
    "reporters": ("reporter_code",),
    "codes": ("list", "code"),
    "figures": ("figure",),
}
# The fields whose codes submissions may name; `unknown` stands for what they leave open.
CODES = {"areas": "area_code", "reporters": "reporter_code", "codes": "code"}
UNKNOWN = "unknown"


def problems_of(form: Form, lists: Lists) -> list[Problem]:
    """Returns what is wrong with the list of that form; the other lists are those that it would be used with."""
    rows = lists[form.name]
    return [
        *_doubled(form, rows),
        *_reserved(form, rows),
        *_spans(rows),
        *(_overlaps(rows) if form.name == "areas" else ()),
        *REFERENCES[form.name](form, lists),
    ]


def _doubled(form: Form, rows: Sequence[Row]) -> Iterator[Problem]:
    first: dict[tuple[Any, ...], int] = {}
    for row in rows:
        key = tuple(row[name] for name in KEYS[form.name])
        if key in first:
            shown = " ".join(part.isoformat() if isinstance(part, date) else str(part) for part in key)
            yield _problem("list_row_doubled", row, KEYS[form.name][-1], shown, other_row=first[key])
        first.setdefault(key, row["row_number"])


def _reserved(form: Form, rows: Sequence[Row]) -> Iterator[Problem]:
    if (field := CODES.get(form.name)) is None:
        return
    for row in rows:
        code = row[field]
        if code == UNKNOWN or (form.name == "reporters" and code.startswith("_")):
            yield _problem("list_code_reserved", row, field, code)


def _spans(rows: Sequence[Row]) -> Iterator[Problem]:
    for row in rows:
        first, end = row.get("valid_from"), row.get("valid_until")
        if first and end and end <= first:
            yield _problem("list_span_empty", row, "valid_until", end.isoformat())


def _overlaps(rows: Sequence[Row]) -> Iterator[Problem]:
    in_order = sorted(rows, key=lambda row: (row["area_code"], row["valid_from"]))
    for earlier, later in pairwise(in_order):
        is_same = earlier["area_code"] == later["area_code"] and earlier["valid_from"] < later["valid_from"]
        if is_same and (earlier["valid_until"] is None or earlier["valid_until"] > later["valid_from"]):
            yield _problem(
                "list_spans_overlap", later, "valid_from", later["area_code"], other_row=earlier["row_number"]
            )


def _of_areas(_: Form, lists: Lists) -> Iterator[Problem]:
    codes = {row["area_code"] for row in lists["areas"]}
    for row in lists["areas"]:
        if row["parent_code"] and row["parent_code"] not in codes:
            yield _problem("list_value_unknown.area", row, "parent_code", row["parent_code"])


def _of_successions(_: Form, lists: Lists) -> Iterator[Problem]:
    versions = {(row["area_code"], row["valid_from"]) for row in lists["areas"]}
    for row in lists["successions"]:
        for code, day in (("from_code", "from_valid_from"), ("to_code", "effective_on")):
            if (row[code], row[day]) not in versions:
                yield _problem("list_value_unknown.version", row, code, row[code], valid_from=row[day])


def _of_reporters(_: Form, lists: Lists) -> Iterator[Problem]:
    codes = {row["area_code"] for row in lists["areas"]}
    forms = {form.name for form in submission_forms()}
    for row in lists["reporters"]:
        if row["area_code"] not in codes:
            yield _problem("list_value_unknown.area", row, "area_code", row["area_code"])
        for name in row["expected_forms"].split():
            if name not in forms:
                yield _problem("list_value_unknown.form", row, "expected_forms", name)


def _of_codes(_: Form, lists: Lists) -> Iterator[Problem]:
    for row in lists["codes"]:
        if row["list"] not in code_lists():
            yield _problem("list_value_unknown.list", row, "list", row["list"])


def _of_figures(_: Form, lists: Lists) -> Iterator[Problem]:
    known = {row["figure"] for row in lists["figures"]}
    forms = {form.name: form for form in submission_forms()}
    for row in lists["figures"]:
        if row["compared_figure"] and row["compared_figure"] not in known:
            yield _problem("list_value_unknown.figure", row, "compared_figure", row["compared_figure"])
        if form := forms.get(row["form"]):
            yield from _of_figure(row, form, lists)
        else:
            yield _problem("list_value_unknown.form", row, "form", row["form"])


def _of_figure(row: Row, form: Form, lists: Lists) -> Iterator[Problem]:
    """What a definition asks of a form that it does not have, or of a list that does not know it."""
    fields = {field.name for field in form.fields}
    numbers = {field.name for field in form.fields if field.type in ("integer", "number")}
    for name in ("measure", "denominator"):
        if row[name] and row[name] not in numbers:
            yield _problem("list_value_unknown.measure", row, name, row[name], form=form.name)
    if row["distinct_of"] and row["distinct_of"] not in fields:
        yield _problem("list_value_unknown.attribute", row, "distinct_of", row["distinct_of"], form=form.name)
    for one in figures.filters():
        if row[one.name] is None:
            continue
        if one.field not in fields:
            yield _problem("list_value_unknown.attribute", row, one.name, one.field, form=form.name)
        elif row[one.name] not in _members(one, lists):
            yield _problem("list_value_unknown.code", row, one.name, row[one.name])
    population = row.get("rate_population")
    if population and population not in _codes("special_circumstances", "code", lists):
        yield _problem("list_value_unknown.code", row, "rate_population", population)


def _members(one: figures.Filter, lists: Lists) -> set[str]:
    """The values that a filter may have."""
    field = figures.line_field(one.field)
    if not field.codes:
        return {value for value, _ in field.categories}
    return _codes(field.codes, "kind" if one.is_kind else "code", lists)


def _codes(list_name: str, column: str, lists: Lists) -> set[str]:
    return {row[column] for row in lists["codes"] if row["list"] == list_name}


def _problem(problem_id: str, row: Row, field: str, value: str, **found: Any) -> Problem:
    return Problem(problem_id, {"column": field, **found}, row=row["row_number"], field=field, value=value)


REFERENCES = {
    "areas": _of_areas,
    "successions": _of_successions,
    "reporters": _of_reporters,
    "codes": _of_codes,
    "figures": _of_figures,
}
