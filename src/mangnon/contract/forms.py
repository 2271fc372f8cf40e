"""The forms: what a submission may contain, declared once in the YAML files beside this one.

The vocabulary is Frictionless Table Schema (fields, title, type, constraints, decimalChar, groupChar, format,
categories, trueValues, falseValues), plus: `codes` (the code list of a field), `aliases` (other headers), `unit`,
`help` and `default`; and on the form `kind` (transaction, snapshot or reference), `grain`, `aliases` (other names of
its sheet) and `totals` (the fields whose sums the cover declares); and in the definitions of figures `filter` (lines
of figures are only those with this value in the column of that name) and `kind_of` (only those whose code in that
column is of this kind). The blank workbook, the reader, the columns of `raw`, dbt's source documentation and the
contract page are all made from these declarations.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent

# The order in which submissions show their forms; reference forms are read before them.
SUBMISSION_FORMS = ("events", "beneficiaries", "incidents", "programme_sites", "child_population")
REFERENCE_FORMS = ("areas", "successions", "reporters", "codes", "figures")

SQL_TYPES = {"string": "text", "integer": "bigint", "number": "numeric", "date": "date", "boolean": "boolean"}


@dataclass(frozen=True)
class Field:
    """One column of a form."""

    name: str
    title: str
    type: str
    description: str
    help: str
    aliases: tuple[str, ...]
    codes: str | None
    categories: tuple[tuple[str, str], ...]  # (value, label)
    unit: str | None
    format: str | None
    default: Any
    true_values: tuple[str, ...]
    false_values: tuple[str, ...]
    required: bool
    minimum: float | None
    maximum: float | None
    is_filter: bool
    kind_of: str | None

    @property
    def sql_type(self) -> str:
        """The type of this field's column in `raw`."""
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class Form:
    """One sheet of a submission, or one list of the reference data."""

    name: str
    title: str
    kind: str
    description: str
    grain: str
    help: str
    aliases: tuple[str, ...]
    totals: tuple[str, ...]
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """The field of that name; KeyError if there is none."""
        return {field.name: field for field in self.fields}[name]


@cache
def all_forms() -> dict[str, Form]:
    """Every form by name: reference forms first, then those of submissions, each in its order."""
    return {name: _form(name) for name in REFERENCE_FORMS + SUBMISSION_FORMS}


def figure_filters() -> list[Field]:
    """The filters of figures: an empty one matches every line."""
    return [field for field in all_forms()["figures"].fields if field.is_filter]


def submission_forms() -> list[Form]:
    """The five forms of a monthly submission, in the order of the workbook."""
    return [all_forms()[name] for name in SUBMISSION_FORMS]


def _form(name: str) -> Form:
    declared = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    return Form(
        name=declared["name"],
        title=declared["title"],
        kind=declared["kind"],
        description=declared["description"],
        grain=declared["grain"],
        help=declared.get("help", ""),
        aliases=tuple(declared.get("aliases", ())),
        totals=tuple(declared.get("totals", ())),
        fields=tuple(_field(field) for field in declared["fields"]),
    )


def _field(declared: dict[str, Any]) -> Field:
    constraints = declared.get("constraints", {})
    return Field(
        name=declared["name"],
        title=declared["title"],
        type=declared["type"],
        description=declared["description"],
        help=declared.get("help", ""),
        aliases=tuple(declared.get("aliases", ())),
        codes=declared.get("codes"),
        categories=tuple((category["value"], category["label"]) for category in declared.get("categories", ())),
        unit=declared.get("unit"),
        format=declared.get("format"),
        default=declared.get("default"),
        true_values=tuple(declared.get("trueValues", ())),
        false_values=tuple(declared.get("falseValues", ())),
        required=constraints.get("required", False),
        minimum=constraints.get("minimum"),
        maximum=constraints.get("maximum"),
        is_filter=declared.get("filter", False) or "kind_of" in declared,
        kind_of=declared.get("kind_of"),
    )
