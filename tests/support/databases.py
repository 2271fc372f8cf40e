"""Makes the databases of tests: on the embedded server, or on the server that `--warehouse-url` names."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy
from psycopg import sql

from mangnon import warehouse
from mangnon.warehouse import server

# Tests drop only databases with this prefix.
PREFIX = "mangnon_test_"
MARK = "made by the tests of mangnon"
SECONDS_OF_AUTOVACUUM = 60

# Roles belong to the whole server, so a deployment leaves them outside its database.
ROLES = ("bi_reader", "loader", "registrar", "transformer", "auditor", "publisher", "pruner", "teller")

# The address in --warehouse-url. Tests use its server and leave the database that it names alone.
given: str | None = None


class ServerInUse(Exception):
    """Somebody has deployed a warehouse on this server."""


def use(address: str) -> None:
    """Makes this the server of all tests from now on, and creates the roles.

    Raises ServerInUse if somebody else made one of the roles: roles belong to the whole server, and tests change the
    password of `bi_reader`.
    """
    global given
    given = address
    with _administrator() as connection:
        present = dict(
            connection.execute(
                "select rolname, shobj_description(oid, 'pg_authid') from pg_roles where rolname = any(%s)",
                [list(ROLES)],
            ).fetchall()
        )
        if strange := sorted(role for role, mark in present.items() if mark != MARK):
            raise ServerInUse(
                f"a warehouse is deployed on this server (it has the role {', '.join(strange)}): its BI users would "
                "lose their password. Test on a server that holds none yet"
            )
        for role in set(ROLES) - set(present):
            login = sql.SQL("login" if role == "bi_reader" else "nologin")
            connection.execute(sql.SQL("create role {} {}").format(sql.Identifier(role), login))
            connection.execute(sql.SQL("comment on role {} is {}").format(sql.Identifier(role), MARK))


def leave() -> None:
    """Drops the databases and roles that tests made on the given server."""
    with _administrator() as connection:
        made = connection.execute("select datname from pg_database where starts_with(datname, %s)", [PREFIX]).fetchall()
        for (name,) in made:
            drop(name)
        for role in ROLES:
            connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))


def url(name: str) -> str:
    """Returns the address of a database, for its owner."""
    if given is None:
        server.start()
        return server.url(name)
    return sqlalchemy.make_url(given).set(database=name).render_as_string(hide_password=False)


def make(name: str, template: str = "template1") -> str:
    """Drops a database and makes it again as a copy of `template`. Returns its address."""
    drop(name)
    with _administrator() as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        if template != "template1":
            # PostgreSQL copies the tables, but not the privileges on the database itself.
            connection.execute(sql.SQL("revoke temporary on database {} from public").format(sql.Identifier(name)))
            connection.execute(sql.SQL("grant temporary on database {} to transformer").format(sql.Identifier(name)))
    return url(name)


def once(state: str, act: Callable[[], object]) -> None:
    """Brings the warehouse of the test into a state: the first time by `act`, later as a copy of the first result.

    Folders are not copied, so an act that needs files in the inbox must put them there itself.
    """
    ours, kept = str(sqlalchemy.make_url(warehouse.url()).database), f"{PREFIX}{state}_{os.getpid()}"
    with _administrator() as connection:
        is_kept = connection.execute("select from pg_database where datname = %s", [kept]).fetchone()
    if is_kept:
        make(ours, kept)
    else:
        act()
        make(kept, ours)


@contextmanager
def made(purpose: str, template: str = "template1") -> Iterator[str]:
    """Yields the name of a database of this process, a copy of `template`; drops it afterwards."""
    name = f"{PREFIX}{purpose}_{os.getpid()}"
    make(name, template)
    try:
        yield name
    finally:
        drop(name)


def drop(name: str) -> None:
    """Drops a database of tests, and ends all connections to it."""
    assert name.startswith(PREFIX), name
    statement = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with _administrator() as connection:
        for _ in range(SECONDS_OF_AUTOVACUUM):
            try:
                connection.execute(statement)
                return
            except psycopg.errors.InsufficientPrivilege:  # autovacuum is at work, and only a superuser may end it
                time.sleep(1)
        connection.execute(statement)


def _administrator() -> psycopg.Connection:
    return psycopg.connect(given or url("postgres"), autocommit=True)
