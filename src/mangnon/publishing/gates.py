"""The two gates: what the suites in `expectations/` say of the night's loads and of a candidate release.

Every rule runs through Great Expectations as an UnexpectedRowsExpectation; what it found becomes rows of
`ops.verdicts` (see verdicts.py), and Data Docs for people. A critical verdict on a load refuses that load; one on no
load refuses the release. The cells that a failed rule points at become rows of `ops.verdict_cells`. Some warnings of
gate 2 hold the release: a person may let it pass.

Importing Great Expectations takes seconds, so it is done only when there is something to judge.
"""

import importlib
import logging
import os
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy
from psycopg.rows import namedtuple_row

from expectations import RULES
from expectations.rule import Rule
from mangnon import warehouse
from mangnon.publishing import verdicts
from mangnon.publishing.verdicts import Breach, Judgement
from mangnon.settings import settings
from mangnon.warehouse import Connection

logger = logging.getLogger(__name__)

# Great Expectations lists no more rows of a query than this, whatever it counted.
ROWS_LISTED = 200


class GateError(Exception):
    """A rule could not be run, or did not name every load that it counted; nothing was judged."""


def judge_loads(connection: Connection, batches: list[int]) -> Judgement:
    """Gate 1: judges the modelled loads of these batches, and those that it refused before. Raises GateError."""
    query = f"select * from ops.loads_to_judge(array{batches}::bigint[])"
    judged = {row.load_id: row.batch_id for row in _rows(connection, query)}
    if not judged:
        return Judgement([], [], {})
    rules = suite("loads")
    breaches = _breaches("loads", rules, query, release_id=None)
    if strangers := {breach.load_id for breach in breaches} - judged.keys():
        raise GateError(f"rules named loads that are not judged: {strangers}")
    return Judgement(rules, verdicts.with_cells(connection, breaches, query), judged)


def judge_release(connection: Connection, release_id: int) -> Judgement:
    """Gate 2: judges a candidate, seen as BI would see it, with the loads that are new in it. Raises GateError."""
    query = f"select load_id, reporter_code, form, period from ops.published_loads where from_release = {release_id}"
    judged = {row.load_id: None for row in _rows(connection, query)}
    rules = suite("release")
    return Judgement(rules, _breaches("release", rules, query, release_id), judged)


def suite(gate: str) -> list[Rule]:
    """The rules of a gate, in their order."""
    return [rule for rule in RULES if rule.gate == gate]


def _rows(connection: Connection, query: str) -> list[Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(query.encode()).fetchall()


def _breaches(gate: str, rules: list[Rule], judged: str, release_id: int | None) -> list[Breach]:
    """What does not meet the rules. Raises GateError unless each rule names every load that it counted, once."""
    results = _validate(gate, [(rule, _query(rule)) for rule in rules], judged, release_id)
    observed = {rule.name: count for rule, count, _ in results}
    long = [rule for rule in rules if observed[rule.name] > ROWS_LISTED]
    if long:
        pages = [
            (rule, f"{_query(rule)} limit {ROWS_LISTED} offset {offset}")
            for rule in long
            for offset in range(0, observed[rule.name], ROWS_LISTED)
        ]
        results = [result for result in results if result[0] not in long]
        results += _validate(gate, pages, judged, release_id)

    breaches = [_breach(rule, row) for rule, _, rows in results for row in rows]
    for rule in rules:
        named = {breach.load_id for breach in breaches if breach.rule is rule}
        if len(named) != observed[rule.name]:
            raise GateError(f"rule {rule.name} counted {observed[rule.name]} failing loads, but names {len(named)}")
    return breaches


def _breach(rule: Rule, row: dict[str, Any]) -> Breach:
    message = f"{rule.message_vi}: {row['detail']}. {rule.mend_vi}".strip()
    return Breach(rule, row["load_id"], row["observed"], row["detail"], message)


def _query(rule: Rule) -> str:
    """The rule's query as Great Expectations takes it, with the judged loads in place of its batch."""
    literal = rule.query.replace("{", "{{").replace("}", "}}")
    return f"""
        with judged_loads as (select * from {{batch}})

        select load_id, observed::text as observed, detail
        from ({literal}) as failing
        order by load_id
    """


def _validate(
    gate: str, queries: list[tuple[Rule, str]], judged: str, release_id: int | None
) -> list[tuple[Rule, int, list[dict[str, Any]]]]:
    """Runs the queries through Great Expectations; of each its rule, the rows counted and the rows listed."""
    gx, context = _great_expectations()
    subject = gate if release_id is None else f"{gate}-{release_id}"
    source = context.data_sources.add_or_update_postgres(
        name=gate,
        connection_string=_sqlalchemy_url(),
        create_temp_table=False,
        kwargs={"connect_args": {"options": warehouse.connection_options("auditor", release_id)}},
    )
    batch = source.add_query_asset(name=subject, query=judged).add_batch_definition_whole_table(subject)
    expectations = [
        gx.expectations.UnexpectedRowsExpectation(
            unexpected_rows_query=query, severity=rule.severity, description=rule.message_vi, notes=rule.hurts,
            meta={"position": position},
        )
        for position, (rule, query) in enumerate(queries)
    ]  # fmt: skip
    declared = context.suites.add_or_update(gx.ExpectationSuite(name=subject, expectations=expectations))
    validation = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=subject, data=batch, suite=declared)
    )
    checkpoint = gx.Checkpoint(
        name=subject,
        validation_definitions=[validation],
        actions=[gx.checkpoint.UpdateDataDocsAction(name="data_docs", site_names=[gate])],
        result_format={"result_format": "COMPLETE"},
    )
    run = context.checkpoints.add_or_update(checkpoint).run()
    source.get_execution_engine().engine.dispose()
    source.get_engine().dispose()  # the one that tested the connection
    logger.info("Data Docs: %s", _data_docs(gate) / "index.html")
    (outcome,) = run.run_results.values()
    return [_read(result, queries) for result in outcome.results]


def _read(result: Any, queries: list[tuple[Rule, str]]) -> tuple[Rule, int, list[dict[str, Any]]]:
    rule, _ = queries[result.expectation_config.meta["position"]]
    if "observed_value" not in result.result:
        raise GateError(f"rule {rule.name} could not be run: {result.exception_info}")
    return rule, result.result["observed_value"], result.result["details"]["unexpected_rows"]


@cache
def _great_expectations() -> tuple[Any, Any]:
    """The library, and the one context of this process: several would disturb one another."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    gx: Any = importlib.import_module("great_expectations")
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
    return gx, context


def _data_docs(gate: str) -> Path:
    # A site a gate, with what it said last: what it said before is in ops.verdicts.
    return settings().home / "data_docs" / gate


def _sqlalchemy_url() -> str:
    url = sqlalchemy.make_url(warehouse.url()).set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)
