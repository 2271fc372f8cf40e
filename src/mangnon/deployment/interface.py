"""The interface: what BI sees now, against what this code would make of it, before anything is changed.

One side is PostgreSQL's catalog, the other the contracts of the dbt project. dbt itself (`state:modified`) compares
with a manifest that somebody would have to keep, and knows nothing of what analysts built on the marts.

An addition at the end breaks nothing. What a query of BI would notice is breaking: somebody has to accept it. What
stored rows do not allow (another type, another key) is impossible: it needs a new name.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import sql

from mangnon.contract.forms import all_forms
from mangnon.failures import Failure
from mangnon.warehouse import Connection, dbt
from mangnon.warehouse.sql_files import read_sql

Severity = Literal["told", "breaking", "impossible"]


@dataclass(frozen=True)
class Column:
    """A column as one side has it."""

    name: str
    type: str
    description: str
    is_required: bool = False


@dataclass(frozen=True)
class Relation:
    """A view or a table as one side has it, its columns in order; of a stored table also its key."""

    name: str
    grain: str
    columns: dict[str, Column]
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One difference, in words for a person who knows the marts and not the code."""

    severity: Severity
    what: str


@dataclass(frozen=True)
class Interface:
    """The views of BI and the tables behind them, by name."""

    views: dict[str, Relation]
    tables: dict[str, Relation]


class BreakingChanges(Failure):
    """Queries of BI do not expect what the code would make of the warehouse, or it cannot be made."""


def changes(connection: Connection) -> list[Change]:
    """Returns the changes that BI would notice if this code were deployed now; none on an empty warehouse."""
    now = present(connection)
    if not now.views:
        return []
    wanted = declared(connection)
    built_on = _built_on(connection)
    found: list[Change] = []
    for name, view in now.views.items():
        of_view = list(_of_view(view, wanted.views.get(name)))
        if built_on.get(name) and any(change.severity == "breaking" for change in of_view):
            others = ", ".join(built_on[name])
            text = f"{name} has to be created again, but {others} is built on it: change or drop that first"
            of_view.append(Change("impossible", text))
        found += of_view
    found += [Change("told", f"{name} is new") for name in wanted.views if name not in now.views]
    for name, table in now.tables.items():
        if name in wanted.tables:
            found += _of_table(table, wanted.tables[name])
    return found


def as_text(found: Iterable[Change], severities: Iterable[Severity] = ("impossible", "breaking", "told")) -> str:
    """The changes under their headings."""
    headings = {
        "impossible": "Cannot be done:",
        "breaking": "Breaks queries of BI:",
        "told": "Breaks nothing:",
    }
    listed = {severity: [change.what for change in found if change.severity == severity] for severity in severities}
    return "\n".join(
        "\n".join([headings[severity], *(f"- {what}" for what in texts)]) for severity, texts in listed.items() if texts
    )


def present(connection: Connection) -> Interface:
    """Returns the interface that the warehouse has."""
    tables = _present(connection, "raw") | _present(connection, "core")
    return Interface(_present(connection, "marts"), tables)


def declared(connection: Connection) -> Interface:
    """Returns the interface that this code declares."""
    nodes = dbt.manifest()["nodes"]
    models = {key: node for key, node in nodes.items() if node["resource_type"] == "model"}
    type_of = _types(connection, models.values())
    tables = {
        f"core.{model['alias']}": _declared(model, model["columns"], type_of)
        for model in models.values()
        if model["schema"] == "core" and model["config"]["materialized"] != "ephemeral"
    }
    for form in all_forms().values():
        columns = {field.name: Column(field.name, type_of(field.sql_type), "") for field in form.fields}
        tables[f"raw.{form.name}"] = Relation(f"raw.{form.name}", "", columns)
    views = {
        f"marts.{model['alias']}": _declared(model, model["columns"], type_of)
        for model in models.values()
        if model["schema"] == "marts"
    }
    return Interface(views, tables)


def removals(now: Interface, wanted: Interface) -> Iterator[sql.Composed]:
    """The statements that drop what is not declared any more."""
    for name in now.views.keys() - wanted.views.keys():
        yield sql.SQL("drop view {}").format(sql.Identifier(*name.split(".")))
        yield sql.SQL("delete from ops.deployed_views where view_name = {}").format(name)
    for name in now.tables.keys() & wanted.tables.keys():
        for column in now.tables[name].columns.values():
            if name.startswith("core.") and column.name not in wanted.tables[name].columns:
                yield sql.SQL("alter table {} drop column {}").format(
                    sql.Identifier(*name.split(".")), sql.Identifier(column.name)
                )


def _of_view(old: Relation, new: Relation | None) -> Iterator[Change]:
    if new is None:
        yield Change("breaking", f"{old.name} vanishes")
        return
    for name, column in old.columns.items():
        if name not in new.columns:
            yield Change("breaking", f"{old.name} loses the column {name} ({column.type})")
        elif new.columns[name].type != column.type:
            what = f"{old.name}: the column {name} changes its type from {column.type} to {new.columns[name].type}"
            yield Change("breaking", what)
    kept = [name for name in old.columns if name in new.columns]
    added = [name for name in new.columns if name not in old.columns]
    if list(new.columns) != kept + added:
        what = f"{old.name} changes the order of its columns: {', '.join(new.columns)}; new ones belong at the end"
        yield Change("breaking", what)
    if old.grain and old.grain != new.grain:
        yield Change("breaking", f"{old.name} changes its grain from “{old.grain}” to “{new.grain}”")
    if added:
        yield Change("told", f"{old.name} gains {', '.join(added)}")
    for name in kept:
        before, after = old.columns[name].description, new.columns[name].description
        if before and before != after:
            what = f"{old.name}: the column {name} has another description: “{before}” is now “{after}”"
            yield Change("told", what)


def _of_table(old: Relation, new: Relation) -> Iterator[Change]:
    for name, column in new.columns.items():
        if name in old.columns and old.columns[name].type != column.type:
            what = (
                f"{old.name} holds rows with {name} as {old.columns[name].type}, which do not become {column.type}: "
                "the column needs a new name"
            )
            yield Change("impossible", what)
    if old.name.startswith("core.") and sorted(old.key) != sorted(new.key):
        what = (
            f"{old.name} has one row per {', '.join(old.key)}, not per {', '.join(new.key)}: the model needs a new name"
        )
        yield Change("impossible", what)


def _present(connection: Connection, schema: str) -> dict[str, Relation]:
    relations: dict[str, Relation] = {}
    keys: dict[str, list[str]] = {}
    for table, comment, column, kind, description, is_required, is_of_key in connection.execute(
        read_sql(__package__, "present"), {"schema": schema}
    ):
        name = f"{schema}.{table}"
        relation = relations.setdefault(name, Relation(name, _grain(comment), {}))
        relation.columns[column] = Column(column, kind, _plain(description), is_required)
        keys.setdefault(name, []).extend([column] if is_of_key else [])
    return {
        name: Relation(name, relation.grain, relation.columns, tuple(keys[name]))
        for name, relation in relations.items()
    }


def _built_on(connection: Connection) -> dict[str, list[str]]:
    built: dict[str, list[str]] = {}
    for view, other in connection.execute(read_sql(__package__, "built_on")):
        built.setdefault(view, []).append(other)
    return built


def _declared(model: dict[str, Any], columns: dict[str, Any], type_of: Callable[[str], str]) -> Relation:
    keys = [constraint["columns"] for constraint in model["constraints"] if constraint["type"] == "primary_key"]
    return Relation(
        f"{model['schema']}.{model['alias']}",
        _grain(model["description"]),
        {
            name: Column(name, type_of(column["data_type"]), _plain(column["description"]))
            for name, column in columns.items()
        },
        tuple(*keys),
    )


def _types(connection: Connection, models: Iterable[dict[str, Any]]) -> Callable[[str], str]:
    """Writes a type as the catalog writes it."""
    named = {column["data_type"] for model in models for column in model["columns"].values() if column["data_type"]}
    named |= {field.sql_type for form in all_forms().values() for field in form.fields}
    known: dict[str, str] = dict(
        connection.execute(
            "select name, format_type(to_regtype(name), to_regtypemod(name)) from unnest(%s::text[]) as name",
            [sorted(named)],
        ).fetchall()
    )
    return known.__getitem__


def _grain(description: str | None) -> str:
    found = re.search(r"Grain: (.*)", _plain(description))
    return found[1] if found else ""


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())
