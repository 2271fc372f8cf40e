"""A ledger written by hand, to test what follows the loader without running the loader.

`receive` writes the load that the loader would make of a form, with its rows in raw; use it for models and rules.
`deliver` writes a load without rows as it is after modelling; use it for decisions of the ledger alone.
"""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from mangnon.contract.code_lists import REFERENCE_PERIOD, REFERENCE_REPORTER, packaged_rows
from mangnon.contract.forms import reference_forms
from mangnon.ledger import candidates, content_hash
from mangnon.ledger.batches import close_night, closed_batches, open_night, tables_to_model
from mangnon.warehouse import dbt

# The usual line of each form, which breaks no rule. A case gives only the fields that differ.
USUAL_LINES: dict[str, dict[str, Any]] = {
    "events": {"area": "193", "event_type": "communication", "event_count": 1, "attendances": 100, "qualifier": "eq"},
    "beneficiaries": {"area": "193", "qualifier": "eq"},
    "incidents": {"area": "193", "incident_class": "abuse"},
    "programme_sites": {"area": "193", "programme": "mang_non_team", "site_count": 1, "qualifier": "eq"},
    "child_population": {"area": "193", "special_circumstance": "all", "children": 100},
}
MARCH = date(2020, 3, 1)


@dataclass(frozen=True)
class Sent:
    """A form as a reporter sent it. A line has only the fields that differ from the usual line."""

    form: str
    lines: list[dict[str, Any]]
    reporter: str = "193"
    period: str = "2020-03-01"
    rows_refused: int = 0
    declared_totals: dict[str, int] = field(default_factory=dict)
    revision: int = 1
    revision_reason: str | None = None
    is_synthetic: bool = False
    ignored_columns: list[str] = field(default_factory=list)  # headers that are no column of the form


@dataclass
class Ledger:
    """The ledger of a warehouse, written through an administrator's connection."""

    connection: psycopg.Connection

    # Loads with rows, for models and rules

    def batch(self) -> int:
        """Makes a closed batch. Returns its id."""
        return self._number("insert into ops.batches (kind, state) values ('backfill', 'closed') returning batch_id")

    def receive(self, batch: int, sent: Sent) -> int:
        """Writes the load of what was sent, with its rows in raw. Returns the id of the load."""
        with self.connection.transaction():
            load = self._load(
                self._delivery(
                    reporter_code=sent.reporter, revision_reason=sent.revision_reason, is_synthetic=sent.is_synthetic
                ),
                batch_id=batch, reporter_code=sent.reporter, form=sent.form, period=sent.period, revision=sent.revision,
                rows_in=len(sent.lines) + sent.rows_refused, rows_loaded=len(sent.lines),
                rows_refused=sent.rows_refused, declared_totals=json.dumps(sent.declared_totals),
            )  # fmt: skip
            for number, line in enumerate(sent.lines, start=1):
                row = {"load_id": load, "line": number, "row_number": number} | USUAL_LINES.get(sent.form, {}) | line
                self._insert("raw", sent.form, row)
            for number in range(1, sent.rows_refused + 1):
                self._insert("raw", "refused_rows", {"load_id": load, "row_number": number, "cells": "{}"})
            for number, header in enumerate(sent.ignored_columns, start=1):
                place = {"load_id": load, "problem_number": number, "cell": f"A{number}", "value": header}
                problem = {"rule": "column_ignored", "severity": "info", "message": "Không được đọc."}
                self._insert("raw", "problems", place | problem)
        return load

    def reference(self, batch: int) -> list[int]:
        """Writes the loads of the packaged reference data. Returns their ids."""
        return [self.receive(batch, code_list(form.name)) for form in reference_forms()]

    def model(self, batches: list[int], reference_loads: list[int]) -> None:
        """Models the batches with dbt, as a night does."""
        dbt.model(batches, tables_to_model(self.connection, batches), reference_loads)
        with self.connection.transaction():
            content_hash.note_modelled(self.connection, batches)

    def accept(self, *batches: int) -> None:
        """Marks the loads of the batches as accepted."""
        self.run("update ops.loads set state = 'accepted' where batch_id = any(%s)", list(batches))

    def release(self, release: int, *loads: int) -> None:
        """Makes a published release in which these loads count, with its computed tables."""
        self.run(
            """
            insert into ops.releases (release_id, state, published_at, fingerprint)
            values (%s, 'published', now(), 'by hand')
            """,
            release,
        )
        self.run(
            """
            insert into ops.published_loads (reporter_code, form, period, load_id, releases)
            select reporter_code, form, period, load_id, int4range(%s, %s) from ops.loads where load_id = any(%s)
            """,
            *(release, release + 1, list(loads)),
        )
        self.run(
            """
            insert into ops.release_batches (release_id, batch_id)
            select distinct %s::integer, batch_id from ops.loads
            where load_id = any(%s) and reporter_code <> %s
            """,
            *(release, list(loads), REFERENCE_REPORTER),
        )
        dbt.build_release_tables(release)

    def releases(self, published: list[int], new: list[int]) -> None:
        """Makes release 1, published, in which the published loads count, and candidate 2, which adds the new ones."""
        self.run(
            """
            insert into ops.releases (release_id, state, published_at, fingerprint)
            values (1, 'published', now(), ''), (2, 'candidate', null, '')
            """
        )
        self.run(
            """
            insert into ops.published_loads (reporter_code, form, period, load_id, releases)
            select
                loads.reporter_code, loads.form, loads.period, loads.load_id,
                case
                    when loads.load_id = any(%(new)s) then '[2,)'
                    when newer.load_id is null then '[1,)'
                    else '[1,2)'
                end::int4range
            from ops.loads
            left join ops.loads as newer
                on newer.load_id = any(%(new)s)
                and (newer.reporter_code, newer.form, newer.period) = (loads.reporter_code, loads.form, loads.period)
                and newer.load_id <> loads.load_id
            where loads.load_id = any(%(published)s || %(new)s)
            """,
            published=published, new=new,
        )  # fmt: skip

    # Loads without rows, for what the ledger alone decides

    def deliver(
        self, revision: int, content: str, reporter: str = "193", form: str = "events", period: date = MARCH
    ) -> int:
        """Writes a modelled load with this content into the open batch of the night. Returns the id of the load."""
        with self.connection.transaction():
            return self._load(
                self._delivery(),
                batch_id=open_night(self.connection), reporter_code=reporter, form=form, period=period,
                revision=revision, state="modelled", content_hash=content, rows_in=0, rows_loaded=0, rows_refused=0,
            )  # fmt: skip

    def candidate(self) -> int | None:
        """Builds the candidate of what was delivered. Returns its release id, or None if nothing would change."""
        with self.connection.transaction():
            close_night(self.connection)
            return candidates.build_candidate(self.connection, closed_batches(self.connection), "by hand")

    def night(self) -> int | None:
        """Publishes what was delivered. Returns the release id, or None if nothing changed."""
        release = self.candidate()
        if release is not None:
            with self.connection.transaction():
                candidates.publish(self.connection, release)
        return release

    def counting(self, release: int | None = None) -> dict[tuple[str, str], str]:
        """Returns (reporter, form) → the content that counts in a release, by default in the visible one."""
        rows = self.rows(
            """
            select loads.reporter_code, loads.form, content_hash
            from ops.published_loads
            inner join ops.loads using (load_id)
            where from_release <= coalesce(%(release)s, ops.visible_release())
                and until_release > coalesce(%(release)s, ops.visible_release())
            """,
            release=release,
        )
        return {(reporter, form): content for reporter, form, content in rows}

    def states(self) -> dict[int, str]:
        """Returns load id → state."""
        return dict(self.rows("select load_id, state from ops.loads"))  # type: ignore[arg-type]

    # Anything else

    def run(self, statement: str, *values: Any, **named: Any) -> None:
        """Runs a statement. Without values it can be several statements, which run in one transaction."""
        self.connection.execute(statement.encode(), named or values or None)

    def rows(self, query: str, *values: Any, **named: Any) -> list[tuple[Any, ...]]:
        """Returns the rows of a query."""
        return self.connection.execute(query.encode(), named or values or None).fetchall()

    def _delivery(self, **values: Any) -> int:
        return self._number(
            """
            insert into ops.deliveries (
                sha256, file_name, size_bytes, reporter_code, revision_reason, is_synthetic
            ) values (encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 'by hand', 1, %s, %s, %s)
            returning delivery_id
            """,
            *(values.get("reporter_code"), values.get("revision_reason"), values.get("is_synthetic", False)),
        )

    def _load(self, delivery: int, **values: Any) -> int:
        row = {"delivery_id": delivery, "fingerprint": "by hand"} | values
        return self._insert("ops", "loads", row, sql.SQL(" returning load_id")).fetchone()[0]  # type: ignore[index]

    def _insert(self, schema: str, table: str, row: dict[str, Any], then: sql.SQL = sql.SQL("")) -> psycopg.Cursor:  # noqa: B008
        columns = sql.SQL(", ").join(map(sql.Identifier, row))
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(row))
        statement = sql.SQL("insert into {} ({}) values ({}){}").format(
            sql.Identifier(schema, table), columns, marks, then
        )
        return self.connection.execute(statement, list(row.values()))

    def _number(self, statement: str, *values: Any) -> int:
        row = self.connection.execute(statement.encode(), values or None).fetchone()
        assert row
        return int(row[0])


def code_list(form: str, without: str | None = None, revision: int = 1) -> Sent:
    """Returns a packaged code list as the reference reporter sends it, without the code `without`."""
    lines = [{name: value or None for name, value in row.items()} for row in packaged_rows(form)]
    kept = [line for line in lines if without is None or line.get("code") != without]
    return Sent(form, kept, REFERENCE_REPORTER, str(REFERENCE_PERIOD), revision=revision)
