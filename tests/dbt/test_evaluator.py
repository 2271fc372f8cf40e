"""The rules of dbt-project-evaluator, read from what dbt knows of the project; no database is needed.

Its package needs a registry and a warehouse; its rules are graph questions. What a rule finds and we want so stands in
dbt_project/evaluator_exceptions.csv with a reason; an exception that excepts nothing has to go.
"""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from mangnon.settings import PROJECT

EXCEPTIONS = PROJECT / "dbt_project" / "evaluator_exceptions.csv"

# Prefixes of names by folder, the folders that hold the sources' files included.
PREFIXES = {
    "staging": "stg|base", "core": "dim", "core/dimensions": "dim|bridge", "core/facts": "fct|agg",
    "core/intermediate": "int", "core/verdicts": "agg", "core/computed": "computed", "core/shared": "computed",
    "marts": None, "marts/generated": None,
}  # fmt: skip
TOO_MANY_LEAVES = 4
TOO_MANY_MODELS = 7
TOO_LONG_CHAIN = 5

Node = dict[str, Any]


@dataclass(frozen=True)
class Project:
    """Models and sources, and how they hang together; named by schema and table, as marts.fct_events."""

    manifest: dict[str, Any]

    @cached_property
    def models(self) -> dict[str, Node]:
        """The models by name."""
        nodes = self.manifest["nodes"].values()
        return {f"{node['schema']}.{node['alias']}": node for node in nodes if node["resource_type"] == "model"}

    @cached_property
    def sources(self) -> dict[str, Node]:
        """The tables of the sources by name."""
        return {f"{node['source_name']}.{node['name']}": node for node in self.manifest["sources"].values()}

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """What each model reads."""
        name_of = {node["unique_id"]: name for name, node in (self.models | self.sources).items()}
        return {name: [name_of[parent] for parent in node["depends_on"]["nodes"]] for name, node in self.models.items()}

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """Which models read it."""
        return {
            name: [child for child, parents in self.parents.items() if name in parents]
            for name in self.models.keys() | self.sources.keys()
        }

    @cached_property
    def tested(self) -> dict[str, list[Node]]:
        """The generic tests of each model, by its id."""
        tests: dict[str, list[Node]] = {}
        for node in self.manifest["nodes"].values():
            if node["resource_type"] == "test":
                tests.setdefault(node["attached_node"], []).append(node)
        return tests

    def sources_of(self, name: str) -> list[str]:
        """The sources that a model reads."""
        return [parent for parent in self.parents[name] if parent in self.sources]

    def models_of(self, name: str) -> list[str]:
        """The models that a model reads."""
        return [parent for parent in self.parents[name] if parent in self.models]


def is_base(name: str) -> bool:
    return name.startswith("staging.base_")


def direct_join_to_source(project: Project) -> list[str]:
    return [name for name in project.models if project.sources_of(name) and project.models_of(name)]


def downstream_dependent_on_source(project: Project) -> list[str]:
    return [name for name in project.models if not name.startswith("staging.") and project.sources_of(name)]


def duplicate_sources(project: Project) -> list[str]:
    relations = [node["relation_name"] for node in project.sources.values()]
    return [name for name, node in project.sources.items() if relations.count(node["relation_name"]) > 1]


def hard_coded_references(project: Project) -> list[str]:
    reference = re.compile(r"\b(?:from|join)\s+\"?(?:ops|raw|staging|core|marts)\"?\.", re.IGNORECASE)
    return [name for name, node in project.models.items() if reference.search(node["raw_code"])]


def model_fanout(project: Project) -> list[str]:
    def leaves(name: str) -> list[str]:
        return [child for child in project.children[name] if not project.children[child]]

    return [name for name in project.models if len(leaves(name)) >= TOO_MANY_LEAVES]


def multiple_sources_joined(project: Project) -> list[str]:
    return [name for name in project.models if len(project.sources_of(name)) > 1]


def rejoining_of_upstream_concepts(project: Project) -> list[str]:
    """A model whose only reader reads again what the model itself was made from."""
    return [
        name
        for name in project.models
        if len(project.children[name]) == 1
        and set(project.parents[project.children[name][0]]) & set(project.parents[name])
    ]


def root_models(project: Project) -> list[str]:
    return [name for name in project.models if not project.parents[name]]


def source_fanout(project: Project) -> list[str]:
    return [name for name in project.sources if len(project.children[name]) > 1]


def staging_dependent_on_staging(project: Project) -> list[str]:
    return [
        name
        for name in project.models
        if name.startswith("staging.")
        and any(parent.startswith("staging.") and not is_base(parent) for parent in project.models_of(name))
    ]


def staging_dependent_on_downstream(project: Project) -> list[str]:
    return [
        name
        for name in project.models
        if name.startswith("staging.") and any(not parent.startswith("staging.") for parent in project.models_of(name))
    ]


def unused_sources(project: Project) -> list[str]:
    return [name for name in project.sources if not project.children[name]]


def too_many_joins(project: Project) -> list[str]:
    return [name for name in project.models if len(project.models_of(name)) >= TOO_MANY_MODELS]


def missing_primary_key_tests(project: Project) -> list[str]:
    """A declared key is tested as it is declared; without one any key is."""

    def is_tested(node: Node) -> bool:
        keys = [
            set(test["test_metadata"]["kwargs"]["arguments"]["columns"])
            if "arguments" in test["test_metadata"]["kwargs"]
            else set(test["test_metadata"]["kwargs"]["columns"])
            for test in project.tested.get(node["unique_id"], [])
            if test["test_metadata"]["name"] == "unique_combination"
        ]
        declared = [set(entry["columns"]) for entry in node["constraints"] if entry["type"] == "primary_key"]
        return bool(keys) and all(key in keys for key in declared)

    return [name for name, node in project.models.items() if not is_tested(node)]


def missing_source_freshness(project: Project) -> list[str]:
    return [
        name
        for name, node in project.sources.items()
        if not any((node["freshness"] or {}).get(bound, {}).get("count") for bound in ("warn_after", "error_after"))
    ]


def undocumented_models(project: Project) -> list[str]:
    return [name for name, node in project.models.items() if not node["description"]]


def undocumented_sources(project: Project) -> list[str]:
    return [
        name
        for name, node in project.sources.items()
        if not node["description"] or not (node["source_description"] or name.startswith("raw."))
    ]


def undocumented_columns(project: Project) -> list[str]:
    """Columns of views of the marts are described by their tables of the core."""
    return [
        f"{name}.{column['name']}"
        for name, node in project.models.items()
        for column in node["columns"].values()
        if not column["description"] and not name.startswith("marts.")
    ]


def model_naming_conventions(project: Project) -> list[str]:
    def prefixes(node: Node) -> str | None:
        folder = Path(node["original_file_path"]).parent.relative_to("models")
        return PREFIXES[folder.parts[0] if folder.parts[0] == "staging" else folder.as_posix()]

    return [
        name
        for name, node in project.models.items()
        if prefixes(node) and not re.match(f"({prefixes(node)})_", node["name"])
    ]


def model_directories(project: Project) -> list[str]:
    """A model lies in the folder of its layer, a staging model in the one of its source."""

    def folder(name: str, node: Node) -> str:
        layer = node["schema"]
        sources = sorted({source.split(".")[0] for source in project.sources_of(name)})
        return f"models/{layer}/{sources[0]}/" if layer == "staging" and len(sources) == 1 else f"models/{layer}/"

    return [
        name for name, node in project.models.items() if not node["original_file_path"].startswith(folder(name, node))
    ]


def source_directories(project: Project) -> list[str]:
    return [
        name
        for name, node in project.sources.items()
        if not node["original_file_path"].startswith(f"models/staging/{node['source_name']}/")
    ]


def property_directories(project: Project) -> list[str]:
    """Properties, tests included, lie beside their model."""
    return [
        name
        for name, node in project.models.items()
        if node["patch_path"]
        and Path(node["patch_path"].split("://")[1]).parent != Path(node["original_file_path"]).parent
    ]


def chained_views(project: Project) -> list[str]:
    """What is computed again by each reader."""

    def length(name: str) -> int:
        if project.models[name]["config"]["materialized"] not in ("view", "ephemeral", "published_view"):
            return 0
        return 1 + max((length(parent) for parent in project.models_of(name)), default=0)

    return [name for name in project.models if length(name) > TOO_LONG_CHAIN]


RULES: list[Callable[[Project], list[str]]] = [
    direct_join_to_source, downstream_dependent_on_source, duplicate_sources, hard_coded_references, model_fanout,
    multiple_sources_joined, rejoining_of_upstream_concepts, root_models, source_fanout,
    staging_dependent_on_staging, staging_dependent_on_downstream, unused_sources, too_many_joins,
    missing_primary_key_tests, missing_source_freshness, undocumented_models, undocumented_sources,
    undocumented_columns, model_naming_conventions, model_directories, source_directories, property_directories,
    chained_views,
]  # fmt: skip


@pytest.fixture(scope="module")
def project(manifest: dict[str, Any]) -> Project:
    return Project(manifest)


def exceptions() -> list[dict[str, str]]:
    with EXCEPTIONS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(project: Project, rule: Callable[[Project], list[str]]) -> None:
    offenders = rule(project)
    excepted = [row["model"] for row in exceptions() if row["rule"] == rule.__name__]

    assert [name for name in offenders if not any(fnmatchcase(name, pattern) for pattern in excepted)] == []
    assert [pattern for pattern in excepted if not any(fnmatchcase(name, pattern) for name in offenders)] == []


def test_every_exception_is_of_a_rule_and_says_why() -> None:
    assert {row["rule"] for row in exceptions()} <= {rule.__name__ for rule in RULES}
    assert all(row["reason"].endswith(".") for row in exceptions())
