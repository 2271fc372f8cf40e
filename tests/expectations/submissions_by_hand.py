"""Submissions written by hand, so that rules are tried on what dbt makes of them, without loader and publisher."""

import json
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from mangnon.contract.code_lists import REFERENCE_PERIOD, REFERENCE_REPORTER, packaged_rows
from mangnon.contract.forms import reference_forms
from mangnon.ledger import content_hash
from mangnon.warehouse import dbt

# What a line says unless the case says otherwise: nothing that any rule minds.
USUAL_LINES: dict[str, dict[str, Any]] = {
    "events": {"area": "193", "event_type": "communication", "event_count": 1, "attendances": 100, "qualifier": "eq"},
    "beneficiaries": {"area": "193", "qualifier": "eq"},
    "incidents": {"area": "193", "incident_class": "abuse"},
    "programme_sites": {"area": "193", "programme": "mang_non_team", "site_count": 1, "qualifier": "eq"},
    "child_population": {"area": "193", "special_circumstance": "all", "children": 100},
}


@dataclass(frozen=True)
class Sent:
    """A form as a reporter sent it; a line says only what differs from the usual line."""

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
class Desk:
    """Where submissions arrive."""

    connection: psycopg.Connection

    def batch(self) -> int:
        return self._number("insert into ops.batches (kind, state) values ('backfill', 'closed') returning batch_id")

    def receive(self, batch: int, sent: Sent) -> int:
        """The load of what was sent, its rows in raw."""
        delivery = self._number(
            """
            insert into ops.deliveries (sha256, file_name, size_bytes, revision_reason, is_synthetic)
            values (encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 'by hand', 1, %s, %s)
            returning delivery_id
            """,
            sent.revision_reason, sent.is_synthetic,
        )  # fmt: skip
        load = self._number(
            """
            insert into ops.loads (
                delivery_id, batch_id, reporter_code, form, period, revision, fingerprint, rows_in, rows_loaded,
                rows_refused, declared_totals
            ) values (%s, %s, %s, %s, %s, %s, 'by hand', %s, %s, %s, %s)
            returning load_id
            """,
            delivery, batch, sent.reporter, sent.form, sent.period, sent.revision, len(sent.lines) + sent.rows_refused,
            len(sent.lines), sent.rows_refused, json.dumps(sent.declared_totals),
        )  # fmt: skip
        for number in range(1, len(sent.lines) + 1):
            line = USUAL_LINES.get(sent.form, {}) | sent.lines[number - 1]
            self._insert("raw", sent.form, {"load_id": load, "line": number, "row_number": number} | line)
        for number in range(1, sent.rows_refused + 1):
            self._insert("raw", "refused_rows", {"load_id": load, "row_number": number, "cells": "{}"})
        for number, header in enumerate(sent.ignored_columns, start=1):
            message = f"Cột “{header}” không thuộc biểu nên không được đọc."
            problem = {"load_id": load, "problem_number": number, "cell": f"A{number}", "severity": "info"}
            self._insert("raw", "problems", problem | {"rule": "column_ignored", "message": message})
        self.connection.commit()
        return load

    def reference(self, batch: int) -> list[int]:
        """The loads of the packaged reference data."""
        return [self.receive(batch, code_list(form.name)) for form in reference_forms()]

    def model(self, batches: list[int], reference_loads: list[int]) -> None:
        """What a night does with dbt."""
        dbt.model(batches, reference_loads)
        content_hash.note_modelled(self.connection, batches)

    def releases(self, published: list[int], new: list[int]) -> None:
        """Release 1, published, in which the published loads count; over it the candidate 2 with the new ones."""
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

    def run(self, statement: str, *values: Any, **named: Any) -> None:
        """Runs a statement and commits; several statements when there are no values."""
        self.connection.execute(statement.encode(), named or values or None)
        self.connection.commit()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query answers, in a transaction of its own."""
        rows = self.connection.execute(query.encode(), values).fetchall()
        self.connection.commit()
        return rows

    def _insert(self, schema: str, table: str, row: dict[str, Any]) -> None:
        columns = sql.SQL(", ").join(sql.Identifier(name) for name in row)
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(row))
        statement = sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier(schema, table), columns, marks)
        self.connection.execute(statement, list(row.values()))

    def _number(self, statement: str, *values: Any) -> int:
        row = self.connection.execute(statement.encode(), values).fetchone()
        assert row
        return int(row[0])


def code_list(form: str, without: str | None = None, revision: int = 1) -> Sent:
    """A packaged code list, as the reference reporter sends it; `without` is a code that it lacks."""
    lines = [{name: value or None for name, value in row.items()} for row in packaged_rows(form)]
    kept = [line for line in lines if without is None or line.get("code") != without]
    return Sent(form, kept, REFERENCE_REPORTER, str(REFERENCE_PERIOD), revision=revision)
