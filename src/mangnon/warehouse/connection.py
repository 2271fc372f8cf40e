"""The warehouse: how to connect to it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy

from mangnon.failures import Failure
from mangnon.settings import settings
from mangnon.warehouse import deployments, server

Connection = psycopg.Connection

DATABASE = "warehouse"
# The service of docker/compose.yml that is the warehouse, until it moves to a server of its own.
CONTAINER = "warehouse"
# The key of the advisory lock under which one process publishes, or deploys, at a time.
PUBLISH_LOCK = 26_11_02
# The roles that write what another version of the code might not expect.
WRITERS = frozenset({"loader", "registrar", "publisher", "pruner", "teller"})


class PublishingElsewhere(Failure):
    """Another process is publishing or deploying at this moment."""


def url() -> str:
    """The address of the warehouse; starts the embedded server when WAREHOUSE_URL names no other."""
    if given := settings().warehouse_url:
        return given
    server.start()
    return server.url(DATABASE)


def connect(role: str | None = None, release: int | None = None) -> Connection:
    """A connection, as one of the roles of roles.sql, looking at a release (the visible one by default).

    Each statement commits by itself, unless who acts (see tests/unit/test_transactions.py) has opened a transaction.
    Raises OtherCode when the role would write and the warehouse belongs to another version of the code.
    """
    connection = psycopg.connect(
        url(),
        options=connection_options(role, release),
        application_name=f"mangnon {role or 'admin'}",
        autocommit=True,
    )
    if role in WRITERS:
        try:
            deployments.check(connection)
        except deployments.OtherCode:
            connection.close()
            raise
    return connection


def observe(role: str | None = None) -> Connection:
    """A connection for those who only watch: it reads, starts no server, and waits for nobody long.

    Raises psycopg.OperationalError, also when the embedded server does not run.
    """
    if not (address := settings().warehouse_url):
        if not server.is_ready():
            raise psycopg.OperationalError("the embedded PostgreSQL does not run")
        address = server.url(DATABASE)
    watching = "-c default_transaction_read_only=on -c statement_timeout=5s"
    return psycopg.connect(
        address,
        options=f"{watching} {connection_options(role)}",
        connect_timeout=5,
        application_name="mangnon watching",
        autocommit=True,
    )


def connection_options(role: str | None = None, release: int | None = None) -> str:
    """Returns the options of libpq for a session of that role that looks at that release."""
    chosen = {"role": role, "mangnon.release": release}
    return " ".join(f"-c {name}={value}" for name, value in chosen.items() if value is not None)


@contextmanager
def publishing_lock(connection: Connection, patience: float = 0) -> Iterator[None]:
    """Holds the right to publish for as long as the session lives.

    Raises PublishingElsewhere when it stays taken for that many seconds.
    """
    until = time.monotonic() + patience
    while not _take_lock(connection):
        if time.monotonic() >= until:
            raise PublishingElsewhere("another process is publishing or deploying: wait for it to end, then try again")
        time.sleep(1)
    try:
        yield
    finally:
        connection.execute("select pg_advisory_unlock(%s)", [PUBLISH_LOCK])


def _take_lock(connection: Connection) -> bool:
    row = connection.execute("select pg_try_advisory_lock(%s)", [PUBLISH_LOCK]).fetchone()
    return bool(row and row[0])


def reader_url() -> str:
    """The address for BI tools: the role bi_reader, who sees the published marts and nothing else."""
    password = (settings().home / "bi_reader.password").read_text()
    address = sqlalchemy.make_url(url()).set(username="bi_reader", password=password)
    # In containers the warehouse has a name that nobody outside knows; one that has moved has an address for all.
    if address.host == CONTAINER and (published := settings().bi_address):
        host, _, port = published.rpartition(":")
        address = address.set(host=host, port=int(port))
    return address.render_as_string(hide_password=False)
