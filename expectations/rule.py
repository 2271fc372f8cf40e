"""The declaration of a rule of the gates, and the SQL that rules share.

The query of a rule returns one row per failing load: `load_id`, `observed` (the number that was counted) and `detail`
(in Vietnamese, for the reporter). The gate runs it through Great Expectations and gives it the table `judged_loads`
(`load_id`, `reporter_code`, `form`, `period` …): at gate 1 the loads of the batches, at gate 2 those that are new in
the release. If a release fails and no single load is to blame, the query returns one row whose `load_id` is null.

A rule that can point at cells has a second query, which the gate runs only when the rule failed: one row per cell with
`load_id`, `sheet_name`, `row_number`, `field` and `shown` (the content of the cell or its line, in Vietnamese).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from mangnon.contract.forms import submission_forms

Gate = Literal["loads", "release"]
Severity = Literal["critical", "warning", "info"]

# The load of code lists that counts now.
CODES = "(select load_id from ops.counting_reference_loads where form = 'codes')"
# The load of areas that counts now.
AREAS = "(select load_id from ops.counting_reference_loads where form = 'areas')"
# A verdict names this many failing lines at most; its count is always exact.
LINES_NAMED = 5


@dataclass(frozen=True)
class Rule:
    """A rule of a gate, which Great Expectations runs as an expectation."""

    name: str
    gate: Gate
    severity: Severity
    hurts: str  # whom the error hurts if it is published, and how
    message_vi: str  # what is wrong
    query: str
    mend_vi: str = ""  # what was expected and what to do; required if the rule names loads
    cells: str = ""  # the query for the cells, if the rule can point at any
    number: int | None = None  # number in the catalogue of 25 rules (catalogue.yml); None: our own rule
    holds_release: bool = False  # at gate 2: readers keep the last release until a person approves this one


def threshold(name: str) -> int | float:
    """Returns the number of that name in thresholds.yml. Raises KeyError if there is none."""
    value: int | float = thresholds()[name]["value"]
    return value


def listed(name: str) -> str:
    """Returns SQL: the texts of the list of that name in thresholds.yml. Raises KeyError if there is none."""
    return ", ".join(f"'{text}'" for text in thresholds()[name]["value"])


@cache
def thresholds() -> dict[str, dict[str, Any]]:
    """Returns all thresholds: name → value, unit, date and reason."""
    declared: dict[str, dict[str, Any]] = yaml.safe_load(
        Path(__file__).with_name("thresholds.yml").read_text(encoding="utf-8")
    )
    return declared


def judged_range(table: str) -> str:
    """Returns SQL: whether a row of the table is between the oldest and the newest judged load.

    These are close together. The planner knows only the average size of loads; given a range, it uses the index however
    long the history is.
    """
    return f"""
        {table}.load_id >= (select min(load_id) from judged_loads)
        and {table}.load_id <= (select max(load_id) from judged_loads)
    """


def unattributed(query: str) -> str:
    """Returns SQL: one row without a load if the query finds anything. The query has a column `detail`."""
    return f"""
        select
            null::bigint as load_id,
            count(*) as observed,
            {named("detail", "detail")} as detail
        from ({query}) as found
        having count(*) > 0
    """


def attributed(query: str) -> str:
    """Returns SQL: one row per load that the query finds. The query has the columns `load_id` and `detail`."""
    return f"""
        select load_id, count(*) as observed, {named("detail", "detail")} as detail
        from ({query}) as found
        group by load_id
    """


def named(text: str, order: str) -> str:
    """Returns SQL: the first few texts of a group, joined into one."""
    return f"array_to_string((array_agg({text} order by {order}))[1:{LINES_NAMED}], '; ')"


def number_vi(expression: str) -> str:
    """Returns SQL: a whole number as `vietnamese.number` writes it, 17.316.469."""
    return f"replace(to_char({expression}, 'FM999,999,999,999,999,990'), ',', '.')"


def decimal_vi(expression: str) -> str:
    """Returns SQL: a number as `vietnamese.number` writes it, with exactly one decimal: 1.234,5."""
    return f"translate(to_char({expression}, 'FM999,999,990.0'), '.,', ',.')"


def title_of_field() -> str:
    """Returns SQL: rows (form, field, title) with the Vietnamese title of each measure, as in the form's header."""
    rows = [
        f"('{form.name}', '{field.name}', '{field.title}')"
        for form in submission_forms()
        for field in form.fields
        if field.type in ("integer", "number")
    ]
    return f"(values {', '.join(rows)}) as titles (form, field, title)"
