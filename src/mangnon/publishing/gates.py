"""The two gates: what the suites in `expectations/` say of the night's loads and of a candidate release.

PostgreSQL runs the query of each rule once. What the queries find is a table of loads and rules, which Great
Expectations judges: a column a rule, to be null for every load. What it finds unexpected becomes rows of
`ops.verdicts`, and Data Docs for people. A critical verdict on a load refuses that load; one on no load refuses the
release. The cells that a failed rule points at become rows of `ops.verdict_cells`. Some warnings of gate 2 hold the
release: a person may let it pass.

Importing Great Expectations takes seconds, so it is done only when there is something to judge.
"""

import importlib
import logging
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row, namedtuple_row

from expectations import RULES
from expectations.rule import Rule
from mangnon.publishing import verdicts
from mangnon.publishing.verdicts import Breach, Judgement
from mangnon.settings import settings
from mangnon.warehouse import Connection

logger = logging.getLogger(__name__)


class GateError(Exception):
    """A rule could not be run, or did not name every load that it counted; nothing was judged."""


def judge_loads(connection: Connection, batches: list[int]) -> Judgement:
    """Gate 1: judges the modelled loads of these batches, and those that it refused before. Raises GateError."""
    query = f"select * from ops.loads_to_judge(array{batches}::bigint[])"
    judged = {row.load_id: row.batch_id for row in _rows(connection, query)}
    if not judged:
        return Judgement([], [], {})
    rules = suite("loads")
    breaches = _breaches(connection, "loads", rules, query, judged)
    if strangers := {breach.load_id for breach in breaches} - judged.keys():
        raise GateError(f"rules named loads that are not judged: {strangers}")
    return Judgement(rules, verdicts.with_cells(connection, breaches, query), judged)


def judge_release(connection: Connection, release_id: int) -> Judgement:
    """Gate 2: judges the candidate that the connection looks at, as BI would see it. Raises GateError."""
    query = f"select load_id, reporter_code, form, period from ops.published_loads where from_release = {release_id}"
    judged = {row.load_id: None for row in _rows(connection, query)}
    rules = suite("release")
    # A breach that no single load causes has no load number; None stands for it beside the new loads.
    breaches = _breaches(connection, f"release-{release_id}", rules, query, [*judged, None])
    return Judgement(rules, breaches, judged)


def suite(gate: str) -> list[Rule]:
    """The rules of a gate, in their order."""
    return [rule for rule in RULES if rule.gate == gate]


def _rows(connection: Connection, query: str) -> list[Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(query.encode()).fetchall()


def _breaches(
    connection: Connection, subject: str, rules: list[Rule], judged: str, loads: Iterable[int | None]
) -> list[Breach]:
    """Returns the breaches of the rules. Raises GateError unless each rule names every load that it counted, once."""
    found = {rule: _failing(connection, rule, judged) for rule in rules}
    unexpected = _validate(subject, loads, found)
    for rule, rows in found.items():
        if unexpected[rule] != len(rows):
            raise GateError(f"rule {rule.name} counted {len(rows)} failing loads, but names {unexpected[rule]}")
    return [_breach(rule, row) for rule, rows in found.items() for row in rows]


def _breach(rule: Rule, row: dict[str, Any]) -> Breach:
    message = f"{rule.message_vi}: {row['detail']}. {rule.mend_vi}".strip()
    return Breach(rule, row["load_id"], row["observed"], row["detail"], message)


def _failing(connection: Connection, rule: Rule, judged: str) -> list[dict[str, Any]]:
    """Returns `load_id`, `observed` and `detail` of each load that fails the rule. Raises GateError."""
    query = f"""
        with judged_loads as ({judged})

        select load_id, observed::text as observed, detail
        from ({rule.query}) as failing
        order by load_id
    """
    try:
        with connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode()).fetchall()
    except psycopg.Error as error:
        raise GateError(f"rule {rule.name} could not be run: {error}") from error


def _validate(subject: str, loads: Iterable[int | None], found: dict[Rule, list[dict[str, Any]]]) -> dict[Rule, int]:
    """How many loads Great Expectations finds unexpected by each rule, and its Data Docs of them."""
    gx, pandas, context = _great_expectations()
    gate = subject.partition("-")[0]
    details = {
        rule.name: {row["load_id"]: f"{row['observed']}: {row['detail']}" for row in rows}
        for rule, rows in found.items()
    }
    judged = sorted({*loads, *(load for named in details.values() for load in named)}, key=lambda load: load or 0)
    table = {name: [named.get(load) for load in judged] for name, named in details.items()}
    source = context.data_sources.add_or_update_pandas(name=gate)
    batch = source.add_dataframe_asset(name=subject).add_batch_definition_whole_dataframe(subject)
    expectations = [
        gx.expectations.ExpectColumnValuesToBeNull(
            column=rule.name, severity=rule.severity, description=rule.message_vi, notes=rule.hurts
        )
        for rule in found
    ]
    validation = gx.ValidationDefinition(
        name=subject, data=batch, suite=gx.ExpectationSuite(name=subject, expectations=expectations)
    )
    checkpoint = gx.Checkpoint(
        name=subject,
        validation_definitions=[validation],
        actions=[gx.checkpoint.UpdateDataDocsAction(name="data_docs", site_names=[gate])],
        result_format={"result_format": "SUMMARY", "unexpected_index_column_names": ["load_id"]},
    )
    frame = pandas.DataFrame({"load_id": judged, **table}, dtype=object)
    # This adds the validation and its suite too; each add compares every expectation with all that were there.
    run = context.checkpoints.add_or_update(checkpoint).run(batch_parameters={"dataframe": frame})
    logger.info("Data Docs: %s", _data_docs(gate) / "index.html")
    (outcome,) = run.run_results.values()
    unexpected = {result.expectation_config.kwargs["column"]: _unexpected(result) for result in outcome.results}
    return {rule: unexpected[rule.name] for rule in found}


def _unexpected(result: Any) -> int:
    if "unexpected_count" not in result.result:
        raise GateError(f"Great Expectations could not judge: {result.exception_info}")
    count: int = result.result["unexpected_count"]
    return count


@cache
def _great_expectations() -> tuple[Any, Any, Any]:
    """The library, its tables, and the one context of this process: several would disturb one another."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    gx: Any = importlib.import_module("great_expectations")
    pandas: Any = importlib.import_module("pandas")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    for gate in ("loads", "release"):
        context.add_data_docs_site(
            gate,
            {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(_data_docs(gate)),
                },
            },
        )
    return gx, pandas, context


def _data_docs(gate: str) -> Path:
    # A site a gate, with what it said last: what it said before is in ops.verdicts.
    return settings().home / "data_docs" / gate
