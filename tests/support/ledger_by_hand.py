"""A ledger written by hand, so that what comes after the loader is tried without it.

`receive` writes the load that the loader would make of a form, with its rows in raw: for models and rules. `deliver`
writes a load as it is after modelling, without rows: for what only the ledger decides.
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
from mangnon.ledger.batches import close_night, closed_batches, open_night
from mangnon.warehouse import dbt

# What a line says unless the case says otherwise: nothing that any rule minds.
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
class Ledger:
    """The ledger of a warehouse, as its administrator writes it."""

    connection: psycopg.Connection

    # Loads with rows, for models and rules

    def batch(self) -> int:
        """A new closed batch."""
        return self._number("insert into ops.batches (kind, state) values ('backfill', 'closed') returning batch_id")

    def receive(self, batch: int, sent: Sent) -> int:
        """The load of what was sent, its rows in raw."""
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
        """The loads of the packaged reference data."""
        return [self.receive(batch, code_list(form.name)) for form in reference_forms()]

    def model(self, batches: list[int], reference_loads: list[int]) -> None:
        """What a night does with dbt."""
        dbt.model(batches, reference_loads)
        with self.connection.transaction():
            content_hash.note_modelled(self.connection, batches)

    def accept(self, *batches: int) -> None:
        """The batches' loads are accepted."""
        self.run("update ops.loads set state = 'accepted' where batch_id = any(%s)", list(batches))

    def release(self, release: int, *loads: int) -> None:
        """A published release in which these loads count, with its computed tables."""
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

    # Loads without rows, for what the ledger alone decides

    def deliver(
        self, revision: int, content: str, reporter: str = "193", form: str = "events", period: date = MARCH
    ) -> int:
        """A load of that content as it is after modelling, in the open batch of the night."""
        with self.connection.transaction():
            return self._load(
                self._delivery(),
                batch_id=open_night(self.connection), reporter_code=reporter, form=form, period=period,
                revision=revision, state="modelled", content_hash=content, rows_in=0, rows_loaded=0, rows_refused=0,
            )  # fmt: skip

    def candidate(self) -> int | None:
        """The candidate of what was delivered; None when nothing would change."""
        with self.connection.transaction():
            close_night(self.connection)
            return candidates.build_candidate(self.connection, closed_batches(self.connection), "by hand")

    def night(self) -> int | None:
        """Publishes what was delivered; the release."""
        release = self.candidate()
        if release is not None:
            with self.connection.transaction():
                candidates.publish(self.connection, release)
        return release

    def counting(self, release: int | None = None) -> dict[tuple[str, str], str]:
        """The content that counts, by reporter and form, in a release (the visible one by default)."""
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
        """The state of each load."""
        return dict(self.rows("select load_id, state from ops.loads"))  # type: ignore[arg-type]

    # Anything else

    def run(self, statement: str, *values: Any, **named: Any) -> None:
        """Runs a statement; several statements, in one transaction, when there are no values."""
        self.connection.execute(statement.encode(), named or values or None)

    def rows(self, query: str, *values: Any, **named: Any) -> list[tuple[Any, ...]]:
        """What a query answers."""
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
    """A packaged code list, as the reference reporter sends it; `without` is a code that it lacks."""
    lines = [{name: value or None for name, value in row.items()} for row in packaged_rows(form)]
    kept = [line for line in lines if without is None or line.get("code") != without]
    return Sent(form, kept, REFERENCE_REPORTER, str(REFERENCE_PERIOD), revision=revision)
