"""What dbt's project takes from the declarations: what its models loop over, and the columns that follow from it.

`python -m mangnon.contract.page` writes both files again after a change of a form or of what figures filter by.
"""

import json
from typing import Any

import yaml

from mangnon.contract.figures import attributes, attributes_of, filters, line_field, members
from mangnon.contract.forms import Field, Form, all_forms, submission_forms
from mangnon.settings import PROJECT

MACROS = PROJECT / "dbt_project" / "macros" / "contract.sql"
FIGURE_PROPERTIES = PROJECT / "dbt_project" / "models" / "_figures__models.yml"

GENERATED = "Made from src/mangnon/contract by `python -m mangnon.contract.page`: do not edit."
NOT_NULL = {"constraints": [{"type": "not_null"}]}


def macros() -> str:
    """The macros that return what is declared, so that models loop over it."""
    declared = {
        "submission_forms": (
            "Each form of a submission: its kind, what agg_measures keeps apart of it, and what it adds up.",
            {form.name: _measured(form) for form in submission_forms()},
        ),
        "figure_filters": ("What a figure may ask of the lines that it is made of.", [one.name for one in filters()]),
        "figure_members": ("What a figure may count the different ones of.", members()),
        "measure_attributes": ("What agg_measures keeps apart, of the forms that have it.", attributes()),
        "measure_kinds": (
            "What the reference data say of an attribute of agg_measures: column, attribute and dimension.",
            [
                {"name": one.name, "attribute": one.field, "dimension": one.dimension}
                for one in filters()
                if one.is_kind
            ],
        ),
    }
    return f"{{#- {GENERATED} -#}}\n" + "".join(
        f"""
{{% macro {name}() %}}
    {{#- {text} -#}}
    {{% do return({_literal(value)}) %}}
{{% endmacro %}}
"""
        for name, (text, value) in declared.items()
    )


def figure_properties() -> str:
    """The YAML of the models whose columns are the figures' filters."""
    models = [_stg_figures(), _dim_figures(), _agg_measures()]
    properties = yaml.safe_dump({"models": models}, sort_keys=False, allow_unicode=True, width=120)
    return f"# {GENERATED}\n\n{properties}"


def _measured(form: Form) -> dict[str, Any]:
    split_by = attributes_of(form) + (["is_subset"] if form.has_subsets else [])
    return {"kind": form.kind, "attributes": split_by, "measures": form.measures}


def _literal(value: Any) -> str:
    """A list or a dictionary as jinja writes it, an entry a line."""
    if isinstance(value, dict):
        opening, closing = "{", "}"
        entries = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in value.items()]
    else:
        opening, closing = "[", "]"
        entries = [json.dumps(entry) for entry in value]
    return "\n".join([opening, *(f"        {entry}," for entry in entries), f"    {closing}"])


def _stg_figures() -> dict[str, Any]:
    form = all_forms()["figures"]
    return {
        "name": "stg_figures",
        "description": f"{form.description.removesuffix('.')}, as read. Grain: one row per load and line.",
        "data_tests": [_unique("load_id", "line")],
        "columns": [
            _column("load_id", "The load that read the line."),
            _column("line", "Number of the line within its load, from 1."),
            *(_column(field.name, field.description) for field in form.fields),
            _column("is_synthetic", "Whether the submission is made up, for trying and testing."),
            _column("batch_id", "The batch that the load belongs to."),
            _column("load_state", "The state of the load."),
        ],
    }


def _dim_figures() -> dict[str, Any]:
    form = all_forms()["figures"]
    source = "The load of reference data that the row comes from; the ledger says which load counts."
    return {
        "name": "dim_figures",
        "description": f"{form.description} Grain: one row per load and figure.",
        "constraints": [{"type": "primary_key", "columns": ["load_id", "figure"]}],
        "data_tests": [_unique("load_id", "figure")],
        "columns": [
            _column("load_id", source, "bigint", NOT_NULL),
            _column("figure_key", "Hash of the code.", "bigint", NOT_NULL),
            *(_of_figure(field) for field in form.fields),
        ],
    }


def _of_figure(field: Field) -> dict[str, Any]:
    accepted = [value for value, _ in field.categories]
    if field.name == "form":
        accepted = [form.name for form in submission_forms()]
    is_given = field.name != "figure" and (field.required or field.default is not None)
    tests = {"data_tests": [_accepted(accepted)]} if accepted else {}
    return _column(field.name, field.description, field.sql_type, (NOT_NULL if is_given else {}) | tests)


def _agg_measures() -> dict[str, Any]:
    kinds = [one for one in filters() if one.is_kind]
    columns = []
    for name in attributes():
        columns.append(_column(name, line_field(name).description, "text"))
        columns += [
            _column(one.name, f"What the reference data of the time say of the {name}.", "text")
            for one in kinds
            if one.field == name
        ]
    qualifiers = 'Whether the numbers are exact (eq), lower bounds (gte, "trên") or about right (approx, "khoảng").'
    subset = "The lines are part of other lines (trong đó) and are never added to them."
    return {
        "name": "agg_measures",
        "description": "Measures added up per load by what figures are filtered with; release tables are made from it. "
        "Blank is not zero: a measure that no line gives has no row. "
        "Grain: one row per load, form, measure, area, attributes, is_subset and qualifier.",
        "config": {"indexes": [{"columns": ["load_id"]}]},
        "data_tests": [_unique("load_id", "form", "measure", "area_code", *attributes(), "is_subset", "qualifier")],
        "columns": [
            _column("load_id", "The load whose lines were added up.", "bigint", NOT_NULL),
            _column("form", "Form of the load.", "text", NOT_NULL),
            _column("measure", "Column of the form's fact.", "text", NOT_NULL),
            _column("area_code", "Code of the area.", "text", NOT_NULL),
            *columns,
            _column("is_subset", subset, "boolean", NOT_NULL),
            _column("qualifier", qualifiers, "text", NOT_NULL | {"data_tests": [_accepted(["eq", "gte", "approx"])]}),
            _column("value", "Sum of the measure.", "numeric", NOT_NULL),
        ],
    }


def _column(name: str, description: str, data_type: str = "", more: dict[str, Any] | None = None) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name} | ({"data_type": data_type} if data_type else {})
    return column | {"description": description} | (more or {})


def _unique(*columns: str) -> dict[str, Any]:
    return {"unique_combination": {"arguments": {"columns": list(columns)}}}


def _accepted(values: list[str]) -> dict[str, Any]:
    return {"accepted_values": {"arguments": {"values": values}}}
