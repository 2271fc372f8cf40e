"""Readers never suffer: whatever the publisher does, nobody gets an error, waits, or sees two releases at once."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType

import psycopg
from support.ledger_by_hand import Ledger
from support.rounds import READ, deliver, whole_number

from mangnon.ledger import candidates

READERS = 16
ACTS = 200

WAITING_READERS = """
    select count(*)
    from pg_stat_activity
    where usename = 'bi_reader' and datname = current_database() and wait_event_type = 'Lock'
"""


@dataclass
class Readers:
    """Clients that read joined marts all the time, and somebody who watches whether they wait."""

    warehouse: ModuleType
    reads: int = 0
    samples: int = 0
    waits: int = 0
    seen: set[int] = field(default_factory=set)
    errors: list[Exception] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Readers":
        threads = [threading.Thread(target=self._read) for _ in range(READERS)]
        self._threads = [*threads, threading.Thread(target=self._watch)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        try:
            # Whoever waits for a lock longer than a millisecond fails, whether the watcher looks just then or not.
            options = "-c lock_timeout=1"
            with psycopg.connect(self.warehouse.reader_url(), autocommit=True, options=options) as reader:
                while not self._done.is_set():
                    self.seen.add(whole_number(reader.execute(READ).fetchall()))
                    self.reads += 1
        except Exception as error:
            self.errors.append(error)

    def _watch(self) -> None:
        with psycopg.connect(self.warehouse.url(), autocommit=True) as superuser:
            while not self._done.is_set():
                self.waits += superuser.execute(WAITING_READERS).fetchone()[0]  # type: ignore[index]
                self.samples += 1
                time.sleep(0.02)


def test_16_readers_during_200_publishes_refusals_and_rollbacks(warehouse: ModuleType) -> None:
    published: dict[int, int] = {}  # the number that each release shows
    refused: set[int] = set()

    def publish(connection: psycopg.Connection, number: int) -> None:
        release = _candidate(connection, number)
        with connection.transaction():
            candidates.publish(connection, release)
        published[release] = number

    def refuse(connection: psycopg.Connection, number: int) -> None:
        release = _candidate(connection, number)
        with connection.transaction():
            candidates.refuse(connection, release, "critical", "a test")
        refused.add(number)

    def roll_back(connection: psycopg.Connection, _: int) -> None:
        *_, restored, _ = published
        with connection.transaction():
            release = candidates.build_rollback(connection, restored, "a test", "a test")
        with connection.transaction():
            candidates.publish(connection, release)
        published[release] = published[restored]

    acts: list[Callable[[psycopg.Connection, int], None]] = [publish, publish, refuse, publish, roll_back]
    with warehouse.connect() as connection:
        for number in (1, 2):
            publish(connection, number)
        with Readers(warehouse) as readers:
            for number in range(3, 3 + ACTS):
                acts[number % len(acts)](connection, number)

    print(
        f"\n{readers.reads} reads by {READERS} clients during {ACTS} acts, {len(readers.seen)} contents seen, "
        f"{len(readers.errors)} errors, {readers.waits} lock waits in {readers.samples} samples"
    )
    assert readers.errors == []
    assert readers.waits == 0
    assert readers.samples > 20
    assert readers.reads > ACTS
    assert len(readers.seen) > 20, "the readers slept through the releases"
    assert readers.seen <= set(published.values())
    assert not readers.seen & refused, "a reader saw what was refused"


def _candidate(connection: psycopg.Connection, number: int) -> int:
    deliver(connection, number)
    release = Ledger(connection).candidate()
    assert release is not None
    return release
