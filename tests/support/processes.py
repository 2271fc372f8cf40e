"""Kills processes and cuts connections in the middle of their work."""

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

# A forked process has the state of the test, and the test can kill it.
Process = multiprocessing.get_context("fork").Process
Queue = multiprocessing.get_context("fork").Queue
Event = multiprocessing.get_context("fork").Event
Barrier = multiprocessing.get_context("fork").Barrier

Break = Callable[[], None]


def kill_me(*_: object, **__: object) -> None:
    """Kills the calling process."""
    os.kill(os.getpid(), signal.SIGKILL)


def break_at(nth: int, how: Break, broken: Any, act: Callable[[], object]) -> None:
    """Runs `act`, and calls `how` before its nth message to the database.

    Every statement, and every begin and end of a transaction, is a message: all go through psycopg.Connection.wait.
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
    """Ends the connections of an application to the warehouse."""
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
    """Returns the process id of the embedded server."""
    return int((server.data_folder() / "postmaster.pid").read_text().split()[0])


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    """Waits until the condition holds; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"the condition did not hold within {seconds} seconds"
        time.sleep(0.02)
