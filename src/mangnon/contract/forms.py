"""The forms: what a submission may contain. A YAML file in this folder declares each form once.

The vocabulary is Frictionless Table Schema (fields, title, type, constraints, decimalChar, groupChar, format,
categories, trueValues, falseValues). We add to it:

- on a field: `codes` (its code list), `aliases` (other headers), `unit`, `help` and `default`;
- on a field with codes: `empty`, what a line without a code speaks of: all members (total, unless it says otherwise) or
  none (not_applicable); and `only_for`, the lines that the field can apply to at all;
- on a form: `kind` (transaction, snapshot or reference), `order` (its place in a submission or in the reference data),
  `grain`, `aliases` (other names of its sheet) and `totals` (the fields whose sums the cover declares);
- on a form with lines "trong đó": `whole`, the fields in which such a line agrees with the line that it is part of;
- on a reference form: `tables` (the tables of the core that are made from it). Each code list is a dimension.
- on a field of the form `figures`: `filter` (the figure counts only lines with this value in the column of that name)
  and `kind_of` (only lines whose code in that column is of this kind);
- on a field of a reference form: `may_be_missing` (lists that are older than the field do not have its column).

The blank workbook, the reader, the columns of `raw`, the content of a load, many checks of the gates, and much of the
dbt project are made from these declarations.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent

# Sheets of the template that are no forms.
COVER_SHEET = "Bìa"
INSTRUCTION_SHEET = "Hướng dẫn"
LISTS_SHEET = "Danh mục"
# The first sheet of an answer, and how it begins: it may stay when the workbook is sent again.
ANSWER_SHEET, ANSWER_TITLE = "Phản hồi", "PHẢN HỒI VỀ BÁO CÁO CÔNG TÁC TRẺ EM"

# What the cover says of a form, in the words that the template offers.
STATEMENTS = WITH_DATA, NOTHING_HAPPENED, NOT_YET = "có số liệu", "không phát sinh", "chưa có"
STATEMENT_COLUMN = "Tình hình số liệu"

# A higher revision is a slip, or is meant to outbid whatever comes later.
HIGHEST_REVISION = 99

AREAS = "areas"
REFERENCE = "reference"

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
    empty: str
    only_for: tuple[tuple[str, str], ...]  # (field, value)
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
    may_be_missing: bool

    @property
    def sql_type(self) -> str:
        """The SQL type of the field's column in `raw`."""
        return SQL_TYPES[self.type]

    @property
    def column(self) -> str:
        """The field's column in the facts, and the key of its dimension: lines have the version of their area."""
        return "area_version" if self.codes == AREAS else self.name

    @property
    def dimension(self) -> str | None:
        """The dimension of the field's codes; None if it has no code list."""
        return f"dim_{self.codes}" if self.codes else None


@dataclass(frozen=True)
class Form:
    """One sheet of a submission, or one list of the reference data."""

    name: str
    title: str
    kind: str
    order: int
    tables: tuple[str, ...]
    description: str
    grain: str
    help: str
    aliases: tuple[str, ...]
    totals: tuple[str, ...]
    whole: tuple[str, ...]
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """Returns the field of that name. Raises KeyError if there is none."""
        return {field.name: field for field in self.fields}[name]

    @property
    def has_subsets(self) -> bool:
        """Whether lines can be part of other lines (trong đó)."""
        return any(field.name == "is_subset" for field in self.fields)

    @property
    def marts(self) -> list[str]:
        """The views of the marts that show all its lines: totals, and the lines "trong đó"."""
        totals = f"fct_{self.name}_monthly" if self.kind == "snapshot" else f"fct_{self.name}"
        return [totals, f"fct_{self.name}_breakdown"] if self.has_subsets else [totals]

    @property
    def measures(self) -> list[str]:
        """The names of the fields that can be added up: whole numbers. Percentages and other shares cannot."""
        return [field.name for field in self.fields if field.type == "integer"]

    @property
    def dimensions(self) -> list[Field]:
        """The fields that have a dimension."""
        return [field for field in self.fields if field.codes]


@cache
def all_forms() -> dict[str, Form]:
    """Returns all forms by name: first the reference forms, then the submission forms, both in their order."""
    forms = [_form(path) for path in FOLDER.glob("*.yml")]
    return {form.name: form for form in sorted(forms, key=lambda form: (form.kind != REFERENCE, form.order))}


def submission_forms() -> list[Form]:
    """Returns the forms of a monthly submission, in the order of the workbook."""
    return [form for form in all_forms().values() if form.kind != REFERENCE]


def reference_forms() -> list[Form]:
    """Returns the forms of the reference data, in the order in which they are read."""
    return [form for form in all_forms().values() if form.kind == REFERENCE]


def code_lists() -> list[str]:
    """Returns the code lists that fields of submissions use, without the areas, which have their own form."""
    lists = [field.codes for form in submission_forms() for field in form.fields]
    return [name for name in dict.fromkeys(lists) if name and name != AREAS]


def core_tables(form: Form) -> tuple[str, ...]:
    """Returns the tables of the core that hold the form's rows.

    agg_measures is one of them: only this table stores what the code lists said about a row when it was modelled, such
    as a programme's kind.
    """
    if form.kind != REFERENCE:
        return (f"fct_{form.name}", "agg_measures")
    return form.tables or tuple(f"dim_{name}" for name in code_lists())


def _form(path: Path) -> Form:
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Form(
        name=declared["name"],
        title=declared["title"],
        kind=declared["kind"],
        order=declared["order"],
        tables=tuple(declared.get("tables", ())),
        description=declared["description"],
        grain=declared["grain"],
        help=declared.get("help", ""),
        aliases=tuple(declared.get("aliases", ())),
        totals=tuple(declared.get("totals", ())),
        whole=tuple(declared.get("whole", ())),
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
        empty=declared.get("empty", "total"),
        only_for=tuple(declared.get("only_for", {}).items()),
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
        may_be_missing=declared.get("may_be_missing", False),
    )
