"""The warehouse: how to connect to it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy

from mangnon import server
from mangnon.problems import Failure
from mangnon.settings import settings

Connection = psycopg.Connection

DATABASE = "warehouse"
# The key of the advisory lock under which one process publishes at a time.
PUBLISH_LOCK = 26_11_02


class PublishingElsewhere(Failure):
    """Another process is publishing at this moment."""


def url() -> str:
    """The address of the warehouse; starts the embedded server when WAREHOUSE_URL names no other."""
    if given := settings().warehouse_url:
        return given
    server.start()
    return server.url(DATABASE)


def connect(role: str | None = None, release: int | None = None) -> Connection:
    """A connection, as one of the roles of roles.sql, looking at a release (the visible one by default)."""
    return psycopg.connect(
        url(), options=connection_options(role, release), application_name=f"mangnon {role or 'admin'}"
    )


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
    """What libpq must be told for a session of that role that looks at that release."""
    chosen = {"role": role, "mangnon.release": release}
    return " ".join(f"-c {name}={value}" for name, value in chosen.items() if value is not None)


@contextmanager
def publishing_lock(connection: Connection) -> Iterator[None]:
    """Holds the right to publish for as long as the session lives; raises PublishingElsewhere when it is taken."""
    row = connection.execute("select pg_try_advisory_lock(%s)", [PUBLISH_LOCK]).fetchone()
    connection.commit()
    if not row or not row[0]:
        raise PublishingElsewhere("another process is publishing: wait for it to end, then try again")
    try:
        yield
    finally:
        connection.rollback()
        connection.execute("select pg_advisory_unlock(%s)", [PUBLISH_LOCK])
        connection.commit()


def reader_url() -> str:
    """The address for BI tools: the role bi_reader, who sees the published marts and nothing else."""
    password = (settings().home / "bi_reader.password").read_text()
    address = sqlalchemy.make_url(url()).set(username="bi_reader", password=password)
    if published := settings().bi_address:
        host, _, port = published.rpartition(":")
        address = address.set(host=host, port=int(port))
    return address.render_as_string(hide_password=False)
