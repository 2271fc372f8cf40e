"""Makes the warehouses to measure: the sample's, on a server of its own, and copies of it."""

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
from mangnon.deployment.inbox_mark import mark_inbox
from mangnon.intake import steps
from mangnon.publishing import lists, phases
from mangnon.sample import write_sample
from mangnon.settings import settings
from mangnon.warehouse import server

FORMS = [form.name for form in submission_forms()]


@contextmanager
def listed_warehouse() -> Iterator[None]:
    """Starts a server in a temporary folder, with a warehouse that has the lists; removes both at the end."""
    with tempfile.TemporaryDirectory(prefix="mangnon-bench-") as folder:
        Path(folder).chmod(0o755)  # the server runs as nobody
        os.environ["MANGNON_HOME"] = folder
        try:
            deploy.deploy()
            lists.deliver_packaged()
            mark_inbox(is_sure=True)
            yield
        finally:
            server.stop()


@contextmanager
def sample_warehouse() -> Iterator[None]:
    """The same, with the sample published in it."""
    with listed_warehouse():
        write_sample(inbox())
        read()
        phases.publish_all()
        yield


def inbox() -> Path:
    """Returns the inbox of the current warehouse."""
    return Path(settings().inbox)


def copy(name: str) -> None:
    """Copies the sample's warehouse and makes the copy the current one."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as administrator:
        administrator.execute(sql.SQL("create database {} template warehouse").format(sql.Identifier(name)))
        administrator.execute(sql.SQL("grant temporary on database {} to transformer").format(sql.Identifier(name)))
    look_at(name)


def look_at(name: str) -> None:
    """Makes a copy the current warehouse, with an inbox, archive and outbox of its own."""
    os.environ["WAREHOUSE_URL"] = server.url(name)
    for place in ("inbox", "archive", "outbox"):
        folder = Path(os.environ["MANGNON_HOME"]) / name / place
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[f"MANGNON_{place.upper()}"] = str(folder)
    mark_inbox(is_sure=True)


def read() -> None:
    """Reads the inbox into a batch, and closes the batch."""
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()


def copy_rows(connection: psycopg.Connection, table: str, source: str, changed: dict[str, str]) -> None:
    """Appends copies of a table's rows to the table, with some columns changed.

    `source` is a FROM clause that calls the copied rows `original`; `changed` has the new expression of each changed
    column. Generated columns are left to the table.
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
    """Imports Great Expectations, so that its import is not measured with the first gate."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    importlib.import_module("great_expectations")


def shown(seconds: list[float]) -> str:
    """Returns the median, the least and the most, in seconds, or in milliseconds if all are short."""
    scale, unit, decimals = (1000, "ms", 0) if max(seconds) < 0.1 else (1, "s", 2)
    median, least, most = (
        f"{scale * value:.{decimals}f}" for value in (statistics.median(seconds), min(seconds), max(seconds))
    )
    return f"{median} {unit} ({least} to {most})"
