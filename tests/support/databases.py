"""Databases of tests: on the embedded server, or on the server that `--warehouse-url` names."""

import os
import time
from collections.abc import Callable

import psycopg
import sqlalchemy
from psycopg import sql

from mangnon import warehouse
from mangnon.warehouse import server

# Nothing else on a server is ever dropped.
PREFIX = "mangnon_test_"
MARK = "made by the tests of mangnon"
SECONDS_OF_AUTOVACUUM = 60

# What a deployment makes beside databases.
ROLES = ("bi_reader", "loader", "transformer", "auditor", "publisher", "pruner", "teller")

# The address that --warehouse-url gave: its server is tested on, its own database is left alone.
given: str | None = None


class ServerInUse(Exception):
    """A warehouse of somebody lives on this server."""


def use(address: str) -> None:
    """Tests on this server from now on.

    Roles belong to a whole server, and tests give `bi_reader` another password: so they touch no server on which
    somebody else made one of these roles. Raises ServerInUse.
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
    """Drops what tests made on the server that was given."""
    with _administrator() as connection:
        made = connection.execute("select datname from pg_database where starts_with(datname, %s)", [PREFIX]).fetchall()
        for (name,) in made:
            drop(name)
        for role in ROLES:
            connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))


def url(name: str) -> str:
    """The address of a database, for its owner."""
    if given is None:
        server.start()
        return server.url(name)
    return sqlalchemy.make_url(given).set(database=name).render_as_string(hide_password=False)


def make(name: str, template: str = "template1") -> str:
    """Makes a database anew, as a copy of another one; its address."""
    drop(name)
    with _administrator() as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        if template != "template1":
            # A copy of a database has its tables, but not the privileges on the database itself.
            connection.execute(sql.SQL("revoke temporary on database {} from public").format(sql.Identifier(name)))
            connection.execute(sql.SQL("grant temporary on database {} to transformer").format(sql.Identifier(name)))
    return url(name)


def once(state: str, act: Callable[[], object]) -> None:
    """Acts on the warehouse of the test; from the second test on it becomes a copy of what came of it the first time.

    What lies in folders is not copied: an act that takes files from the inbox has to put them there.
    """
    ours, kept = str(sqlalchemy.make_url(warehouse.url()).database), f"{PREFIX}{state}_{os.getpid()}"
    with _administrator() as connection:
        is_kept = connection.execute("select from pg_database where datname = %s", [kept]).fetchone()
    if is_kept:
        make(ours, kept)
    else:
        act()
        make(kept, ours)


def drop(name: str) -> None:
    """Drops a database of tests, whoever is connected to it."""
    assert name.startswith(PREFIX), name
    statement = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with _administrator() as connection:
        for _ in range(SECONDS_OF_AUTOVACUUM):
            try:
                connection.execute(statement)
                return
            except psycopg.errors.InsufficientPrivilege:  # autovacuum is in it, which only a superuser may end
                time.sleep(1)
        connection.execute(statement)


def _administrator() -> psycopg.Connection:
    return psycopg.connect(given or url("postgres"), autocommit=True)
