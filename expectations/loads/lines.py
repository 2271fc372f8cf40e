"""The SQL of rules that look at the lines of a load: it finds the failing loads, and the cells to mend.

Each function returns both queries of a rule as its arguments: `Rule(…, **failing_lines(…))`.
"""

from collections.abc import Mapping
from typing import TypedDict

from expectations.rule import judged_range, named
from mangnon.contract.forms import Form

# The row's number in the sheet, as the reporter sees it.
ROW = "coalesce(submitted.row_number, facts.line)"
# The sheets and rows of a group of lines.
ROWS = f"""
    array_agg(submitted.sheet_name order by facts.line) as sheet_names, array_agg({ROW} order by facts.line) as rows
"""


class Found(TypedDict):
    """The two queries of a rule: one finds the failing loads, the other the cells to point at."""

    query: str
    cells: str


def together(*found: Found) -> Found:
    """Returns the queries of several forms as one. No load is found twice, since a load has one form."""
    return Found(
        query=" union all ".join(part["query"] for part in found),
        cells=" union all ".join(part["cells"] for part in found),
    )


def key_of_line(form: Form) -> list[str]:
    """The columns of the form's fact table that say what a line stands for: all but its numbers and its qualifier."""
    columns: list[str] = []
    for field in form.fields:
        if field.type == "date":
            columns += ["date_id", "is_dated"]
        elif field.type not in ("integer", "number") and field.name != "qualifier":
            columns.append(field.column)
    return columns


def failing_lines(form: str, condition: str, shown: str, fields: list[str]) -> Found:
    """Returns the queries for judged loads of the form with lines (rows of its fact table) that fulfil the condition.

    `shown` is the SQL text that tells the reporter what such a line says; `fields` are its cells to mark.
    """
    return Found(
        query=f"""
            select
                facts.load_id,
                count(*) as observed,
                {named(f"'dòng ' || {ROW} || ' (' || {shown} || ')'", "facts.line")} as detail
            from {lines_of(form)} and ({condition})
            group by facts.load_id
        """,
        cells=f"""
            select
                facts.load_id, submitted.sheet_name, {ROW} as row_number, unnest(array{fields}) as field,
                {shown} as shown
            from {lines_of(form)} and ({condition})
        """,
    )


def repeated_lines(form: str, columns: list[str]) -> Found:
    """Returns the queries for judged loads of the form in which several lines have the same values in these columns."""
    repeated = f"""
        select
            facts.load_id,
            count(*) as times,
            string_agg({ROW}::text, ', ' order by facts.line) as row_numbers,
            {ROWS}
        from {lines_of(form)}
        group by facts.load_id, {", ".join(f"facts.{column}" for column in columns)}
        having count(*) > 1
    """
    return Found(
        query=f"""
            select load_id, sum(times) as observed, {named("'dòng ' || row_numbers", "row_numbers")} as detail
            from ({repeated}) as repeated
            group by load_id
        """,
        cells=f"""
            select
                repeated.load_id, lines.sheet_name, lines.row_number, 'area' as field,
                'dòng ' || repeated.row_numbers as shown
            from ({repeated}) as repeated
            cross join unnest(repeated.sheet_names, repeated.rows) as lines (sheet_name, row_number)
        """,
    )


def subsets_above_whole(
    form: str, whole_keys: list[str], kinds: list[str], compared: Mapping[str, tuple[str, str]]
) -> Found:
    """Returns the queries for judged loads of the form whose lines "trong đó" exceed the lines that they are part of.

    The whole is the sum of the other lines with the same `whole_keys`. Lines "trong đó" by sex or age are added up,
    since they divide a whole. Lines of different `kinds` are not added up, since a child can be of several kinds.
    `compared` maps a field to the SQL of its sum over the part and over the whole. A whole that is "trên", a lower
    bound, is not compared.
    """
    keys = ", ".join(f"facts.{key}" for key in whole_keys)
    parts = ", ".join(f"{part} as part_{field}" for field, (part, _) in compared.items())
    wholes = ", ".join(f"{whole} as whole_{field}" for field, (_, whole) in compared.items())
    same_whole = " and ".join(f"parts.{key} = wholes.{key}" for key in ["load_id", *whole_keys])
    is_above = " or ".join(f"part_{field} > whole_{field}" for field in compared)
    fields = ", ".join(f"case when part_{field} > whole_{field} then '{field}' end" for field in compared)
    shown = ", ".join(
        f"case when part_{field} > whole_{field} then part_{field} || ' > ' || whole_{field} end" for field in compared
    )
    too_large = f"""
        select
            parts.load_id, parts.sheet_names, parts.rows, array_to_string(parts.rows, ', ') as row_numbers,
            case when wholes.load_id is null then 'thiếu dòng tổng' else concat_ws('; ', {shown}) end as shown,
            case
                when wholes.load_id is null then array['is_subset']
                else array_remove(array[{fields}], null)
            end as fields
        from (
            select
                facts.load_id, {keys}, {parts}, {ROWS}
            from {lines_of(form)} and facts.is_subset
            group by
                facts.load_id, {"".join(f"facts.{kind}, " for kind in kinds)} {keys},
                facts.sex = 'total', facts.age_band = 'total'
        ) as parts
        left join (
            select facts.load_id, {keys}, {wholes}, bool_and(facts.qualifier = 'eq') as is_exact
            from {lines_of(form)} and not facts.is_subset
            group by facts.load_id, {keys}
        ) as wholes on {same_whole}
        where wholes.load_id is null or (wholes.is_exact and ({is_above}))
    """
    return Found(
        query=f"""
            select
                load_id, count(*) as observed,
                {named("'dòng ' || row_numbers || ' (' || shown || ')'", "row_numbers")} as detail
            from ({too_large}) as too_large
            group by load_id
        """,
        cells=f"""
            select too_large.load_id, lines.sheet_name, lines.row_number, marked.field, too_large.shown
            from ({too_large}) as too_large
            cross join unnest(too_large.sheet_names, too_large.rows) as lines (sheet_name, row_number)
            cross join unnest(too_large.fields) as marked (field)
        """,
    )


def lines_of(form: str, joins: str = "") -> str:
    """Returns SQL: the fact lines of a form's judged loads, joined to the rows of the sheet. Conditions may follow."""
    return f"""
        judged_loads
        inner join core.fct_{form} as facts on judged_loads.load_id = facts.load_id
        left join raw.{form} as submitted on facts.load_id = submitted.load_id and facts.line = submitted.line
        {joins}
        where judged_loads.form = '{form}' and {judged_range("facts")}
    """
