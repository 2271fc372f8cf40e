"""Processes that a test kills, and connections that it cuts."""

import itertools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import psycopg

from mangnon import warehouse
from mangnon.warehouse import server

# A process of its own that knows what the test knows; it can be killed.
Process = multiprocessing.get_context("fork").Process
Queue = multiprocessing.get_context("fork").Queue
Event = multiprocessing.get_context("fork").Event
Barrier = multiprocessing.get_context("fork").Barrier

Break = Callable[[], None]


def kill_me(*_: object, **__: object) -> None:
    """Kills the process that calls it."""
    os.kill(os.getpid(), signal.SIGKILL)


def break_at(nth: int, how: Break, broken: Any, act: Callable[[], object]) -> None:
    """Acts, and breaks before the nth time that anything is said to the database.

    That is every statement, and what begins and ends a transaction: all of it goes through psycopg.Connection.wait.
    """
    statements = itertools.count(1)
    wait = psycopg.Connection.wait

    def counted(*arguments: Any, **options: Any) -> Any:
        if next(statements) == nth:
            broken.set()
            how()
        return wait(*arguments, **options)

    psycopg.Connection.wait = counted  # type: ignore[assignment]
    act()


def cut(application: str) -> None:
    """Ends the connections of that application to the warehouse."""
    with warehouse.connect() as connection:
        connection.execute(
            """
            select pg_terminate_backend(pid, 5000) from pg_stat_activity
            where application_name = %s and datname = current_database()
            """,
            [application],
        )


def wait_until_gone(warehouse: ModuleType, application: str) -> None:
    """Waits until the server has noticed that a client is gone."""
    with psycopg.connect(warehouse.url(), autocommit=True) as connection:
        there = "select count(*) from pg_stat_activity where application_name = %s and datname = current_database()"
        wait_for(lambda: connection.execute(there, [application]).fetchone() == (0,), seconds=60)


def postmaster() -> int:
    """The process of the embedded server."""
    return int((server.data_folder() / "postmaster.pid").read_text().split()[0])


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    """Waits until it is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
