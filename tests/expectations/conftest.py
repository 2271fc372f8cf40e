"""A warehouse for all tests of a module: dbt and the gates are slow to start, so they run once for all cases."""

import sys
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from submissions_by_hand import Desk

from mangnon import server, warehouse
from mangnon.settings import PROJECT

# The suites lie at the top of the checkout, beside the package.
sys.path.append(str(PROJECT))


@pytest.fixture(scope="module")
def desk(deployed_template: str) -> Iterator[Desk]:
    """Where submissions of a warehouse of its own arrive."""
    name = sql.Identifier("judged")
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin, pytest.MonkeyPatch.context() as patch:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        admin.execute(sql.SQL("create database {} template {}").format(name, sql.Identifier(deployed_template)))
        # dbt works with temporary tables; a copy of a database has not the privileges on the database itself.
        admin.execute(sql.SQL("grant temporary on database {} to transformer").format(name))
        patch.setenv("WAREHOUSE_URL", server.url("judged"))
        with warehouse.connect() as connection:
            yield Desk(connection)
        admin.execute(sql.SQL("drop database {} with (force)").format(name))
