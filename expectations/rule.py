"""What a rule of the gates is, and the SQL that several of them share.

A rule is a query that returns one row per failing load: `load_id`, `observed` (what was counted) and `detail` (in
Vietnamese, for the reporter). The gate runs it through Great Expectations and gives it the table `judged_loads`
(`load_id`, `reporter_code`, `form`, `period` …): at gate 1 the loads of the batches, at gate 2 those that are new in
the release. A release that fails for no single load's fault is one row whose `load_id` is null.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from mangnon.forms import submission_forms

Gate = Literal["loads", "release"]
Severity = Literal["critical", "warning", "info"]

# The key of the member "unknown" of every dimension; keys are hashes of codes.
UNKNOWN_KEY = "hashtextextended('unknown', 0)"
# How many of the failing lines a verdict names; the count is always exact.
LINES_NAMED = 5
# The row of the sheet, as the reporter sees it.
ROW = "coalesce(submitted.row_number, facts.line)"


@dataclass(frozen=True)
class Rule:
    """One expectation of a gate."""

    name: str
    gate: Gate
    severity: Severity
    hurts: str  # what goes wrong, and for whom, if this is published
    message_vi: str
    query: str
    holds_release: bool = False  # at gate 2: readers keep the last release until a person approves this one


def threshold(name: str) -> int | float:
    """The number of that name in thresholds.yml; KeyError if there is none."""
    value: int | float = _thresholds()[name]["value"]
    return value


def listed(name: str) -> str:
    """SQL: the texts of the list of that name in thresholds.yml; KeyError if there is none."""
    return ", ".join(f"'{text}'" for text in _thresholds()[name]["value"])


@cache
def _thresholds() -> dict[str, dict[str, Any]]:
    declared: dict[str, dict[str, Any]] = yaml.safe_load(
        Path(__file__).with_name("thresholds.yml").read_text(encoding="utf-8")
    )
    return declared


def key_of(code: str) -> str:
    """SQL: the key of a dimension's member with that code."""
    return f"hashtextextended('{code}', 0)"


def failing_lines(form: str, condition: str, shown: str) -> str:
    """SQL: one row per judged load of the form with lines (of its fact table) that fulfil the condition.

    `shown` is the SQL text that tells the reporter what such a line says.
    """
    return f"""
        select
            facts.load_id,
            count(*) as observed,
            {_named(f"'dòng ' || {ROW} || ' (' || {shown} || ')'", "facts.line")} as detail
        from {_lines_of(form)} and ({condition})
        group by facts.load_id
    """


def repeated_lines(form: str, columns: list[str]) -> str:
    """SQL: one row per judged load of the form in which several lines have the same values in these columns."""
    return f"""
        select
            load_id,
            sum(times) as observed,
            {_named("'dòng ' || row_numbers", "row_numbers")} as detail
        from (
            select
                facts.load_id,
                count(*) as times,
                string_agg({ROW}::text, ', ' order by facts.line) as row_numbers
            from {_lines_of(form)}
            group by facts.load_id, {", ".join(f"facts.{column}" for column in columns)}
            having count(*) > 1
        ) as repeated
        group by load_id
    """


def subsets_above_whole(form: str, whole_keys: list[str], kinds: list[str], compared: dict[str, str]) -> str:
    """SQL: one row per judged load of the form in which lines "trong đó" exceed the lines that they are part of.

    The whole is the sum of the other lines with the same `whole_keys`. Lines "trong đó" by sex or age are added up:
    they share a whole out. Those of different `kinds` are not, since a child can be of several. `compared` maps the SQL
    of a measure of the part to that of the whole; nothing is said where the whole is "trên".
    """
    keys = ", ".join(f"facts.{key}" for key in whole_keys)
    parts = ", ".join(f"{part} as part_{number}" for number, part in enumerate(compared))
    wholes = ", ".join(f"{whole} as whole_{number}" for number, whole in enumerate(compared.values()))
    same_whole = " and ".join(f"parts.{key} = wholes.{key}" for key in ["load_id", *whole_keys])
    numbers = range(len(compared))
    is_above = " or ".join(f"part_{number} > whole_{number}" for number in numbers)
    shown = ", ".join(
        f"case when part_{number} > whole_{number} then part_{number} || ' > ' || whole_{number} end"
        for number in numbers
    )
    detail = f"""
        'dòng ' || row_numbers
        || case when wholes.load_id is null then ' (thiếu dòng tổng)' else ' (' || concat_ws('; ', {shown}) || ')' end
    """
    return f"""
        select
            parts.load_id,
            count(*) as observed,
            {_named(detail, "row_numbers")} as detail
        from (
            select
                facts.load_id, {keys}, {parts}, string_agg({ROW}::text, ', ' order by facts.line) as row_numbers
            from {_lines_of(form)} and facts.is_subset
            group by
                facts.load_id, {"".join(f"facts.{kind}, " for kind in kinds)} {keys},
                facts.sex_key = {UNKNOWN_KEY}, facts.age_band_key = {UNKNOWN_KEY}
        ) as parts
        left join (
            select facts.load_id, {keys}, {wholes}, bool_and(facts.qualifier = 'eq') as is_exact
            from {_lines_of(form)} and not facts.is_subset
            group by facts.load_id, {keys}
        ) as wholes on {same_whole}
        where wholes.load_id is null or (wholes.is_exact and ({is_above}))
        group by parts.load_id
    """


def unattributed(query: str) -> str:
    """SQL: one row without a load if the query, which has a column `detail`, finds anything."""
    return f"""
        select
            null::bigint as load_id,
            count(*) as observed,
            {_named("detail", "detail")} as detail
        from ({query}) as found
        having count(*) > 0
    """


def number_vi(expression: str) -> str:
    """SQL: a number as Vietnamese readers write it, 17.316.469."""
    return f"replace(to_char({expression}, 'FM999,999,999,999,999,990'), ',', '.')"


def title_of_field() -> str:
    """SQL: rows (form, field, title) with the Vietnamese title of each field that can be declared on the cover."""
    rows = [
        f"('{form.name}', '{field}', '{form.field(field).title}')"
        for form in submission_forms()
        for field in form.totals
    ]
    return f"(values {', '.join(rows)}) as titles (form, field, title)"


def _lines_of(form: str) -> str:
    """SQL: the fact lines of the judged loads of a form, beside the rows of the sheet."""
    return f"""
        judged_loads
        inner join core.fct_{form} as facts on judged_loads.load_id = facts.load_id
        left join raw.{form} as submitted on facts.load_id = submitted.load_id and facts.line = submitted.line
        where judged_loads.form = '{form}'
    """


def _named(text: str, order: str) -> str:
    return f"array_to_string((array_agg({text} order by {order}))[1:{LINES_NAMED}], '; ')"
