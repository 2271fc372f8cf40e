"""Generates files of the dbt project from declarations: views of the marts, macros, and properties of models.

If a view of the marts shows one table of the core, that table's properties declare it (`meta: {mart: …}`): the view's
description, its name if it differs from the table's, and the form whose loads the table holds. `history` is the
description of a second view, which shows the rows of all published releases. The macros in
macros/contract.sql return what the models need to know about the forms. The properties of models that filter by the
columns of figures are made from the forms too. `python -m mangnon.contract.page` writes all of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from mangnon.contract.figures import attributes, attributes_of, filters, line_field, members
from mangnon.contract.forms import Field, all_forms, submission_forms
from mangnon.settings import PROJECT

MODELS = PROJECT / "dbt_project" / "models"
CORE = MODELS / "core"
# This folder holds generated views only: any other file in it is deleted.
VIEWS = MODELS / "marts" / "generated"
CONTRACT_MACROS = PROJECT / "dbt_project" / "macros" / "contract.sql"

# One object, so that YAML writes it once.
PUBLISHED_ON = {
    "name": "published_on", "data_type": "date", "description": "Day in Viet Nam on which the release was published.",
}  # fmt: skip
COMMAND = "by `python -m mangnon.contract.page`: do not edit."


def files() -> dict[Path, str]:
    """Returns the generated files: path → text."""
    properties = {
        MODELS / "staging" / "raw" / "_figures__models.yml": _staged_figures(),
        CORE / "dimensions" / "_figures__models.yml": _figures(),
        CORE / "facts" / "_measures__models.yml": _measures(),
    }
    texts = {CONTRACT_MACROS: contract_macros()}
    texts |= {path: _properties("the forms", [model]) for path, model in properties.items()}
    return texts | _views([*_declared_by_hand(), *properties.values()])


def left_over() -> list[Path]:
    """Returns the files of views that are no longer declared."""
    return sorted({path for path in VIEWS.iterdir()} - files().keys())


def _declared_by_hand() -> Iterator[dict[str, Any]]:
    """Yields the models of the core whose properties are written by hand."""
    for path in sorted(CORE.rglob("_*__models.yml")):
        if path.name not in ("_figures__models.yml", "_measures__models.yml"):
            yield from yaml.safe_load(path.read_text(encoding="utf-8"))["models"]


def _views(models: list[dict[str, Any]]) -> dict[Path, str]:
    marts = [model for model in models if "mart" in model.get("config", {}).get("meta", {})]
    with_history = [model for model in marts if "history" in _mart(model)]
    described = [{"name": _view_name(model), "description": _mart(model)["description"]} for model in marts]
    described += [_history(model) for model in with_history]
    views = {VIEWS / f"{_view_name(model)}.sql": _view(model) for model in marts}
    views |= {
        VIEWS / f"{_view_name(model)}_history.sql": _view_text(model, f"history_view('{model['name']}')")
        for model in with_history
    }
    return {VIEWS / "_generated__models.yml": _properties("the properties of the core", described)} | views


def _history(model: dict[str, Any]) -> dict[str, Any]:
    """Returns the properties of the view of all releases; what they do not say of a column, the table says."""
    others = [{"name": column["name"]} for column in model["columns"] if column["name"] != "release_id"]
    return {
        "name": f"{_view_name(model)}_history",
        "description": _mart(model)["history"],
        "columns": [{"name": "release_id"}, PUBLISHED_ON, *others],
    }


def _mart(model: dict[str, Any]) -> dict[str, str]:
    return model["config"]["meta"]["mart"]


def _view_name(model: dict[str, Any]) -> str:
    """Returns the name of the view's model: marts.fct_events is marts_fct_events, since core has a model fct_events."""
    name: str = model["name"]
    if "name" in _mart(model):
        return _mart(model)["name"]
    return name.removeprefix("computed_") if name.startswith("computed_") else f"marts_{name}"


def _view(model: dict[str, Any]) -> str:
    columns = {column["name"] for column in model["columns"]}
    if "form" in _mart(model):
        call = f"star_view('{model['name']}', form='{_mart(model)['form']}')"
    else:
        call = f"{'release' if 'release_id' in columns else 'static'}_view('{model['name']}')"
    return _view_text(model, call)


def _view_text(model: dict[str, Any], call: str) -> str:
    return f"{{#- Made from the properties of {model['name']} {COMMAND} -#}}\n{{{{ {call} }}}}\n"


def contract_macros() -> str:
    """Returns the text of the macros that return what the forms declare."""
    forms = {
        form.name: {
            "attributes": attributes_of(form) + (["is_subset"] if form.has_subsets else []),
            "measures": form.measures,
        }
        for form in submission_forms()
    }
    kinds = {one.name: {"attribute": one.field, "dimension": one.dimension} for one in filters() if one.is_kind}
    macros = {
        "submission_forms": ("Form → the columns that figures filter and count its lines by, and its measures.", forms),
        "snapshot_forms": (
            "Forms that are snapshots: only the last month of a cut counts.",
            [form.name for form in submission_forms() if form.kind == "snapshot"],
        ),
        "figure_filters": (
            "Columns of the form `figures` that filter lines; an empty one matches every line.",
            [one.name for one in filters()],
        ),
        "figure_members": ("Columns of lines whose distinct members figures can count.", members()),
        "figure_attributes": ("Columns of lines that figures filter by or count the members of.", attributes()),
        "figure_kinds": ("Filters by a kind of code → the column of lines, and the dimension with the kind.", kinds),
        "incident_classes": (
            "Classes of incidents; a reporter can be silent about each.",
            _values(all_forms()["incidents"].field("incident_class")),
        ),
    }
    texts = [f"{{#- Made from the forms {COMMAND} -#}}\n"]
    for name, (meaning, value) in macros.items():
        texts.append(
            f"\n{{% macro {name}() %}}\n    {{#- {meaning} -#}}\n    {{% do return({_jinja(value)}) %}}\n"
            "{% endmacro %}\n"
        )
    return "".join(texts)


def _jinja(value: Any) -> str:
    """Returns the value as a literal of Jinja, with one entry of a mapping per line."""
    if isinstance(value, dict):
        lines = "".join(f"        {key!r}: {entry!r},\n" for key, entry in value.items())
        return f"{{\n{lines}    }}"
    return repr(value)


def _values(field: Field) -> list[str]:
    return [value for value, _ in field.categories]


def _staged_figures() -> dict[str, Any]:
    form = all_forms()["figures"]
    return {
        "name": "stg_figures",
        "description": f"{form.description} As read. Grain: one row per load and line.",
        "data_tests": [_key("load_id", "line")],
        "columns": [
            {"name": "load_id", "description": "The load that read the line."},
            {"name": "line", "description": "Number of the line within its load, from 1."},
            *({"name": field.name, "description": field.description} for field in form.fields),
            {"name": "is_synthetic", "description": "Whether the delivery is made up, for trials and tests."},
            {"name": "batch_id", "description": "The batch that the load belongs to."},
            {"name": "load_state", "description": "The state of the load."},
        ],
    }


def _figures() -> dict[str, Any]:
    form = all_forms()["figures"]
    accepted = {"form": [form.name for form in submission_forms()]}
    accepted |= {field.name: _values(field) for field in form.fields if field.categories}
    mart = {
        "form": "figures",
        "description": "Figures of the annual report, as the visible release defines them. Grain: one row per figure.",
    }
    return {
        "name": "dim_figures",
        "description": f"{form.description} Grain: one row per load and figure.",
        "config": {"meta": {"mart": mart}},
        "constraints": [{"type": "primary_key", "columns": ["load_id", "figure"]}],
        "data_tests": [_key("load_id", "figure")],
        "columns": [
            _column(
                "load_id",
                "bigint",
                "The load of reference data that the row comes from; the ledger says which load counts.",
                True,
            ),
            _column("figure_key", "bigint", "Hash of the code.", True),
            *(
                _column(
                    field.name,
                    field.sql_type,
                    field.description,
                    field.name != "figure" and (field.required or field.default is not None),
                    accepted.get(field.name),
                )
                for field in form.fields
            ),
        ],
    }


def _measures() -> dict[str, Any]:
    described: dict[str, str] = {}
    for name in attributes():
        described[name] = line_field(name).description
        described |= {
            one.name: f"Kind of the {name} in the reference data that counted when the load was modelled."
            for one in filters()
            if one.is_kind and one.field == name
        }
    key = ["load_id", "form", "measure", "area_code", *attributes(), "is_subset", "qualifier"]
    return {
        "name": "agg_measures",
        "description": (
            "Measures of each load, added up by the columns that figures filter by. The tables of a release are made\n"
            "from it. Blank is not zero: a measure that is empty in every line has no row.\n"
            "Grain: one row per load, form, measure, area, attributes, is_subset and qualifier.\n"
        ),
        "config": {"indexes": [{"columns": ["load_id"]}]},
        "data_tests": [_key(*key)],
        "columns": [
            _column("load_id", "bigint", "The load whose lines were added up.", True),
            _column("form", "text", "Form of the load.", True),
            _column("measure", "text", "Column of the form's fact.", True),
            _column("area_code", "text", "Code of the area.", True),
            *(_column(name, "text", description) for name, description in described.items()),
            _column("is_subset", "boolean", "Whether the lines are part of other lines (trong đó).", True),
            _column(
                "qualifier", "text", "Whether the value is exact (eq), a lower bound (gte) or about right (approx).",
                True, ["eq", "gte", "approx"],
            ),
            _column("value", "numeric", "Sum of the measure.", True),
        ],
    }  # fmt: skip


def _key(*columns: str) -> dict[str, Any]:
    return {"unique_combination": {"arguments": {"columns": list(columns)}}}


def _column(
    name: str, data_type: str, description: str, is_required: bool = False, accepted: list[str] | None = None
) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "data_type": data_type, "description": description}
    if is_required:
        column["constraints"] = [{"type": "not_null"}]
    if accepted:
        column["data_tests"] = [{"accepted_values": {"arguments": {"values": accepted}}}]
    return column


def _properties(origin: str, models: list[dict[str, Any]]) -> str:
    text = yaml.safe_dump({"models": models}, sort_keys=False, allow_unicode=True, width=120)
    return f"# Made from {origin} {COMMAND}\n\n{text}"
