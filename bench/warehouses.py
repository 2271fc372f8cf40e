"""Warehouses to measure on: the sample's, on a server of its own, and copies of it."""

import importlib
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from mangnon.contract.forms import submission_forms
from mangnon.deployment import deploy
from mangnon.intake import steps
from mangnon.publishing import phases
from mangnon.sample import write_sample
from mangnon.warehouse import server

FORMS = [form.name for form in submission_forms()]


@contextmanager
def sample_warehouse() -> Iterator[None]:
    """A server whose warehouse has published the sample, in a temporary folder; at the end nothing is left."""
    with tempfile.TemporaryDirectory(prefix="mangnon-bench-") as folder:
        Path(folder).chmod(0o755)  # the server runs as nobody
        os.environ["MANGNON_HOME"] = folder
        try:
            deploy.deploy()
            deploy.deliver_reference()
            write_sample(Path(folder) / "inbox")
            read()
            phases.publish_all()
            yield
        finally:
            server.stop()


def copy(name: str) -> None:
    """Makes a copy of the sample's warehouse, and looks at it."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as administrator:
        administrator.execute(sql.SQL("create database {} template warehouse").format(sql.Identifier(name)))
        administrator.execute(sql.SQL("grant temporary on database {} to transformer").format(sql.Identifier(name)))
    look_at(name)


def look_at(name: str) -> None:
    """From here on a copy is the warehouse, with places of its own."""
    os.environ["WAREHOUSE_URL"] = server.url(name)
    for place in ("inbox", "archive", "outbox"):
        folder = Path(os.environ["MANGNON_HOME"]) / name / place
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[f"MANGNON_{place.upper()}"] = str(folder)


def read() -> None:
    """Reads what lies in the inbox, into a batch that is closed."""
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()


def copy_rows(connection: psycopg.Connection, table: str, source: str, changed: dict[str, str]) -> None:
    """Appends rows of a table to itself, with some columns changed; `source` calls the rows that are copied `original`.

    The columns are those that the table has now, less what it generates itself.
    """
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and attgenerated = ''"
        " and not attisdropped",
        [table],
    )
    columns = {name: f"original.{name}" for (name,) in rows} | changed
    connection.execute(
        f"""
        insert into {table} ({", ".join(columns)}) overriding system value
        select {", ".join(columns.values())}
        {source}
        """.encode()
    )


def import_great_expectations() -> None:
    """Imports the library, which each process does once, before anything is measured."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    importlib.import_module("great_expectations")


def shown(seconds: list[float]) -> str:
    """The median, and the least and the most."""
    scale, unit, decimals = (1000, "ms", 0) if max(seconds) < 0.1 else (1, "s", 2)
    median, least, most = (
        f"{scale * value:.{decimals}f}" for value in (statistics.median(seconds), min(seconds), max(seconds))
    )
    return f"{median} {unit} ({least} to {most})"
