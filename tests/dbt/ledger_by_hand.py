"""A ledger written by hand, so that models are tested without the loader and the publisher."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from mangnon.contract.code_lists import REFERENCE_PERIOD, REFERENCE_REPORTER, packaged_rows
from mangnon.contract.forms import reference_forms
from mangnon.warehouse import dbt


@dataclass
class Ledger:
    """Writes loads, and releases in which they count."""

    connection: psycopg.Connection
    reference_load_ids: list[int] = field(default_factory=list)

    def batch(self) -> int:
        """A new closed batch."""
        return self._number("insert into ops.batches (kind, state) values ('backfill', 'closed') returning batch_id")

    def load(
        self, batch: int, reporter: str, form: str, period: str | date, *rows: dict[str, Any], revision: int = 1
    ) -> int:
        """A load of these rows, of a delivery of its own."""
        delivery = self._number(
            """insert into ops.deliveries (sha256, file_name, size_bytes, reporter_code, is_synthetic)
            values (encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 'by hand', 1, %s, %s)
            returning delivery_id""",
            reporter,
            reporter != REFERENCE_REPORTER,
        )
        load = self._number(
            """insert into ops.loads (delivery_id, batch_id, reporter_code, form, period, revision, fingerprint,
            rows_in, rows_loaded, rows_refused) values (%s, %s, %s, %s, %s, %s, 'by hand', %s, %s, 0)
            returning load_id""",
            *(delivery, batch, reporter, form, period, revision, len(rows), len(rows)),
        )
        for line, row in enumerate(rows, start=1):
            values = {"load_id": load, "line": line, "row_number": line} | row
            statement = sql.SQL("insert into {} ({}) values ({})").format(
                sql.Identifier("raw", form),
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join(sql.Placeholder() * len(values)),
            )
            self.connection.execute(statement, [None if value == "" else value for value in values.values()])
        self.connection.commit()
        return load

    def reference(self, batch: int) -> None:
        """The loads of the packaged reference data; they count from now on."""
        self.reference_load_ids = [
            self.load(batch, REFERENCE_REPORTER, form.name, REFERENCE_PERIOD, *packaged_rows(form.name))
            for form in reference_forms()
        ]

    def model(self, *batches: int) -> None:
        """What a night does with dbt for these batches."""
        dbt.model(list(batches), self.reference_load_ids)

    def accept(self, *batches: int) -> None:
        """The batches' loads are accepted."""
        self.connection.execute("update ops.loads set state = 'accepted' where batch_id = any(%s)", [list(batches)])
        self.connection.commit()

    def release(self, release: int, *loads: int) -> None:
        """A published release in which these loads count, and those of the reference data."""
        self.connection.execute(
            """insert into ops.releases (release_id, state, published_at, fingerprint)
            values (%s, 'published', now(), 'by hand')""",
            [release],
        )
        self.connection.execute(
            """insert into ops.published_loads (reporter_code, form, period, load_id, releases)
            select reporter_code, form, period, load_id, int4range(%s, %s) from ops.loads where load_id = any(%s)""",
            [release, release + 1, [*loads, *self.reference_load_ids]],
        )
        self.connection.execute(
            """insert into ops.release_batches (release_id, batch_id)
            select distinct %s::integer, batch_id from ops.loads where load_id = any(%s)""",
            [release, list(loads)],
        )
        self.connection.commit()
        dbt.build_release_tables(release)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query answers, in a transaction of its own."""
        rows = self.connection.execute(query.encode()).fetchall()
        self.connection.commit()
        return rows

    def _number(self, statement: str, *values: Any) -> int:
        row = self.connection.execute(statement.encode(), values).fetchone()
        assert row
        return int(row[0])
