"""Rules that the dbt project keeps, read from what dbt knows of it; no database is needed."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from mangnon.contract.forms import all_forms, core_tables
from mangnon.contract.marts import words
from mangnon.settings import PROJECT

MODELS = PROJECT / "dbt_project" / "models"

LOGIC = re.compile(r"\b(case|group by|over|coalesce|sum|count|union|left join)\b")
# Macros that decide more than how a name is written.
LOGIC_OF_MACROS = re.compile(r"\b(with_members|join_areas|area_version|member|in_total)\(")
# Views that add up a computed table; they have unit tests.
SUMS = {"reporting_by_month", "completeness_by_year"}


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The models of the project."""
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


@pytest.fixture(scope="module")
def tests_of(manifest: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The generic tests of each model, by its id."""
    tests: dict[str, list[dict[str, Any]]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            tests.setdefault(node["attached_node"], []).append(node["test_metadata"])
    return tests


def test_every_model_says_its_grain(models: list[dict[str, Any]]) -> None:
    assert [model["name"] for model in models if "Grain: one row" not in " ".join(model["description"].split())] == []


def test_every_column_is_described_once(models: list[dict[str, Any]]) -> None:
    for model in models:
        assert model["columns"], model["name"]
        assert [name for name, column in model["columns"].items() if not column["description"]] == [], model["name"]


def test_every_column_that_bi_sees_has_a_vietnamese_title(models: list[dict[str, Any]]) -> None:
    for model in models:
        if model["schema"] == "marts":
            for name, column in model["columns"].items():
                declared = column["config"]["meta"].get("title")
                assert declared or words.title(name), f"{model['name']}.{name}"


@pytest.mark.parametrize(
    "path",
    sorted(path for path in MODELS.rglob("_*__models.yml") if path.parent.name != "generated"),
    ids=lambda path: path.stem,
)
def test_no_properties_describe_a_column_twice(path: Path) -> None:
    """A column that several models have is an anchor."""
    described = Counter()
    nodes = [yaml.compose(path.read_text(encoding="utf-8"))]
    seen: set[int] = set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            values = {key.value: value.value for key, value in node.value}
            described.update(
                [(values["name"], values["description"])] if {"name", "description"} <= values.keys() else []
            )
            nodes += [value for _, value in node.value]
        else:
            nodes += node.value
    assert [column for column, count in described.items() if count > 1] == []


def test_every_grain_has_a_tested_key(models: list[dict[str, Any]], tests_of: dict[str, list[dict[str, Any]]]) -> None:
    """A view of the marts shows rows of a table whose key is tested; the ledger lets each load count once."""
    untested = [
        model["name"]
        for model in models
        if model["schema"] != "marts"
        and not any(test["name"] == "unique_combination" for test in tests_of.get(model["unique_id"], []))
    ]
    assert untested == []


def test_every_key_of_a_fact_leads_to_its_dimension(
    models: list[dict[str, Any]], tests_of: dict[str, list[dict[str, Any]]]
) -> None:
    for model in models:
        if model["schema"] == "core" and model["name"].startswith("fct_"):
            form = all_forms()[model["name"].removeprefix("fct_")]
            keys = {field.column for field in form.dimensions} | {"reporter_code", "date_id"}
            tests = tests_of[model["unique_id"]]
            related = {test["kwargs"]["column_name"] for test in tests if test["name"] == "relationships"}
            assert keys == related, model["name"]


def test_layers_look_only_downwards(models: list[dict[str, Any]]) -> None:
    """Staging reads sources; core reads staging and core; marts read core and the ledger."""
    allowed = {"staging": {"raw", "ops", "staging"}, "core": {"staging", "core"}, "marts": {"core", "ops"}}
    schema_of = {model["unique_id"]: model["schema"] for model in models}
    for model in models:
        used = {schema_of.get(parent) or parent.split(".")[2] for parent in model["depends_on"]["nodes"]}
        assert used <= allowed[model["schema"]], model["name"]


def test_core_is_never_rebuilt(models: list[dict[str, Any]]) -> None:
    for model in models:
        if model["schema"] == "core":
            config = model["config"]
            if model["name"].startswith("int_"):
                assert config["materialized"] == "ephemeral", model["name"]
                continue
            assert config["materialized"] == "incremental", model["name"]
            assert config["incremental_strategy"] == "append", model["name"]
            assert config["on_schema_change"] == "append_new_columns", model["name"]
            assert config["full_refresh"] is False, model["name"]
            assert config["contract"]["enforced"], model["name"]
            assert config["pre-hook"], model["name"]


def test_every_table_with_rows_of_loads_is_one_of_a_form(models: list[dict[str, Any]]) -> None:
    """A night models the tables of the forms that came. Another table would never be filled."""
    of_forms = {table for form in all_forms().values() for table in core_tables(form)}
    assert of_forms == {
        model["name"] for model in models if "delete_loads_of_batches" in str(model["config"]["pre-hook"])
    }


def test_views_of_the_marts_hold_no_logic(models: list[dict[str, Any]]) -> None:
    for model in models:
        if model["schema"] == "marts":
            assert model["config"]["materialized"] == "published_view"
            by_hand = "generated" not in model["path"] and model["name"] not in SUMS
            assert not by_hand or not LOGIC.search(model["raw_code"]), model["name"]


def test_no_model_uses_what_a_cluster_cannot_run(models: list[dict[str, Any]]) -> None:
    for model in models:
        assert not re.search(r"grouping sets|\bcube\b|\brollup\b|\blateral\b", model["raw_code"]), model["name"]


def test_every_model_with_logic_has_a_unit_test(manifest: dict[str, Any], models: list[dict[str, Any]]) -> None:
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    untested = {
        model["name"]
        for model in models
        if model["name"] not in tested
        and model["schema"] != "marts"
        and (LOGIC.search(model["raw_code"]) or LOGIC_OF_MACROS.search(model["raw_code"]))
    }
    assert untested == set()


def test_code_dimensions_are_one_macro_which_has_unit_tests(
    manifest: dict[str, Any], models: list[dict[str, Any]]
) -> None:
    """Tested by itself is each way in which a code dimension calls it: with a kind, and with columns of its own."""
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    codes = {model["name"]: model["raw_code"] for model in models if "stg_codes" in str(model["depends_on"]["nodes"])}
    assert all(re.fullmatch(r"\{\{ code_dimension\(.*\) \}\}", code, re.DOTALL) for code in codes.values())
    for option in ("kind=", "columns="):
        assert any(option in codes[name] for name in codes.keys() & tested), option
