"""Whatever is cut off, killed or full: the visible release is whole, the ledger right, a rerun completes the work."""

import errno
import itertools
import multiprocessing
import os
import pwd
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import psycopg
import pytest
from hand_made import (
    READ,
    assert_ledger_is_right,
    deliver_night,
    postmaster,
    publish_what_waits,
    seen,
    wait_for,
    whole_number,
)

from mangnon import warehouse
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.intake import archive, steps
from mangnon.intake.rows import csv_blocks
from mangnon.publishing import phases
from mangnon.settings import settings
from mangnon.warehouse import server

# A process of its own that knows what the test knows; it can be killed.
Process = multiprocessing.get_context("fork").Process
Queue = multiprocessing.get_context("fork").Queue
Event = multiprocessing.get_context("fork").Event
Barrier = multiprocessing.get_context("fork").Barrier

LISTS = CodeLists.from_package()
JULY = date(2020, 7, 1)
EVENTS = """
    select sum(event_count) from marts.fct_events
    where period = '2020-07-01' and reporter_key = hashtextextended('193', 0)
"""
LINES = 150  # more than a page of raw
WAL_SEGMENT = 16 << 20
CONNECTION_LOST, DISK_FULL = 3, 4  # how a loader ended

Break = Callable[[], None]


# Publishing


def kill_me() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def cut_my_connections() -> None:
    _cut("mangnon publisher")


@pytest.mark.parametrize("how", [kill_me, cut_my_connections])
@pytest.mark.usefixtures("without_dbt")
def test_publisher_broken_between_any_two_statements(warehouse: ModuleType, how: Break) -> None:
    deliver_night(1)
    publish_what_waits()
    for statement in itertools.count(1):
        number = statement + 1
        deliver_night(number)
        broken = Event()
        publisher = Process(target=_publish_until, args=(statement, how, broken))
        publisher.start()
        publisher.join()
        _wait_until_gone(warehouse, "mangnon publisher")
        assert seen(warehouse) in (number - 1, number)

        publish_what_waits()
        assert seen(warehouse) == number
        assert_ledger_is_right(warehouse)
        if not broken.is_set():
            break
    print(f"\n{statement - 1} places, each followed by a rerun")
    assert statement > 30


@pytest.mark.usefixtures("without_dbt")
def test_two_publishers_at_once(warehouse: ModuleType) -> None:
    rounds, publishers = 8, 2
    barrier, outcomes = Barrier(publishers), Queue()
    deliver_night(1)
    publish_what_waits()
    said = []
    for number in range(2, 2 + rounds):
        deliver_night(number)
        processes = [Process(target=_race, args=(barrier, outcomes)) for _ in range(publishers)]
        for process in processes:
            process.start()
        said += [outcomes.get(timeout=60) for _ in processes]
        for process in processes:
            process.join()
        publish_what_waits()
        assert seen(warehouse) == number
        assert_ledger_is_right(warehouse)
    assert set(said) <= {"done", "PublishingElsewhere", "CandidateGone"}
    assert "PublishingElsewhere" in said
    with warehouse.connect() as connection:
        published = connection.execute("select count(*) from ops.releases where state = 'published'").fetchone()
    assert published == (1 + rounds,), "something was published twice"


def _publish_until(nth: int, how: Break, broken: Any, act: Callable[[], object] | None = None) -> None:
    """Publishes, or acts, and breaks before the nth statement that goes to the database, or its commit."""
    statements = itertools.count(1)

    def counted(method: Callable) -> Callable:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(statements) == nth:
                broken.set()
                how()
            return method(*arguments, **options)

        return call

    for owner, name in (
        (psycopg.Connection, "execute"), (psycopg.Connection, "commit"), (psycopg.Cursor, "executemany"),
    ):  # fmt: skip
        setattr(owner, name, counted(getattr(owner, name)))
    (act or publish_what_waits)()


def _race(barrier: Any, outcomes: Any) -> None:
    barrier.wait()
    try:
        publish_what_waits()
        outcomes.put("done")
    except Exception as error:
        outcomes.put(type(error).__name__)


# Collecting, loading and modelling


def fill_the_disk() -> None:
    """No file of the loader's database process may grow: for it the disk is full. Its log was made beforehand."""
    with warehouse.connect() as connection:
        size, pid = connection.execute(
            """
            select pg_relation_size('raw.events'), pid from pg_stat_activity
            where application_name = 'mangnon loader' and datname = current_database()
            """
        ).fetchone()  # type: ignore[misc]
    assert size > WAL_SEGMENT
    # Only the user that the server runs as may do that, who is another one when we are root.
    limit = Process(target=_limit_files_of, args=(pid, size, server._as_server_user()))
    limit.start()
    limit.join()
    assert limit.exitcode == 0


def _limit_files_of(pid: int, size: int, user: dict[str, Any]) -> None:
    if user:
        account = pwd.getpwnam(user["user"])
        os.setgroups([])
        os.setgid(user["group"])
        os.setuid(account.pw_uid)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, size))


def cut_the_loader() -> None:
    _cut("mangnon loader")


def test_a_full_archive(published: ModuleType, tmp_path: Path) -> None:
    _send(tmp_path / "inbox")
    kept, known = _files(settings().archive), _count("ops.deliveries")

    def collect_on_a_full_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            steps.collect()
        except OSError as error:
            os._exit(error.errno or 1)

    collector = Process(target=collect_on_a_full_disk)
    collector.start()
    collector.join()
    assert collector.exitcode == errno.EFBIG
    assert _files(settings().archive) == kept, "half a file is in the archive"
    assert _count("ops.deliveries") == known
    assert steps.collect() == ["193"]
    (new,) = _files(settings().archive) - kept
    with archive.archived(Path(new).name):
        assert _count("ops.deliveries") == known + 1


def test_loader_broken_in_the_middle_of_copy(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, loads = _events(published), _count("ops.loads")
    _send(tmp_path / "inbox")
    assert steps.collect() == ["193"]
    with published.connect() as connection:
        # So that the table is larger than a segment of the log, and full.
        connection.execute(
            "insert into raw.events (load_id, line, row_number) select -1, n, n from generate_series(1, 400000) as n"
        )
    rows = _count("raw.events")
    copy_blocks = csv_blocks
    for how, ends in ((kill_me, -signal.SIGKILL), (cut_the_loader, CONNECTION_LOST), (fill_the_disk, DISK_FULL)):

        def break_while_copying(*arguments: Any, how: Break = how) -> Iterator[memoryview]:
            blocks = list(copy_blocks(*arguments))
            half = len(blocks[0]) // 2
            yield blocks[0][:half]
            how()
            yield blocks[0][half:]
            yield from blocks[1:]

        monkeypatch.setattr(loads, "csv_blocks", break_while_copying)
        loader = Process(target=_load)
        loader.start()
        loader.join()
        _wait_until_gone(published, "mangnon loader")
        assert loader.exitcode == ends, how.__name__
        assert (_count("raw.events"), _count("ops.loads")) == (rows, loads), how.__name__
        assert _events(published) == before
    monkeypatch.setattr(loads, "csv_blocks", copy_blocks)
    with published.connect() as connection:
        connection.execute("delete from raw.events where load_id = -1")
    assert run_night() == 2
    assert _events(published) == LINES
    assert_ledger_is_right(published)


def test_dbt_killed_between_two_models(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    before = _events(published)
    _send(tmp_path / "inbox")
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()
    with published.connect() as blocker, psycopg.connect(published.url(), autocommit=True) as watcher:
        blocker.execute("lock table core.fct_programme_sites in share mode")  # here dbt has to stop
        modelling = Process(target=phases.model, args=(phases.waiting_batches(),))
        modelling.start()
        new_rows = "select count(*) from core.fct_events inner join ops.loads using (load_id) where state = 'loaded'"
        wait_for(lambda: watcher.execute(new_rows).fetchone() == (LINES,), seconds=300)
        for process in psutil.Process(modelling.pid).children(recursive=True):
            process.kill()
        modelling.join()
        assert modelling.exitcode == 1
        # Rows of a load that nothing counts are in the core, and nobody sees them.
        assert watcher.execute(new_rows).fetchone() == (LINES,)
        assert _events(published) == before
    assert run_night() == 2
    assert _events(published) == LINES
    assert_ledger_is_right(published)


def _load() -> None:
    try:
        steps.load("193")
    except psycopg.Error as error:
        if isinstance(error, psycopg.OperationalError):
            os._exit(CONNECTION_LOST)
        os._exit(DISK_FULL if "could not extend file" in str(error) else 1)


def _send(inbox: Path) -> None:
    inbox.mkdir(exist_ok=True)
    lines = [{"area": "193", "event_type": "other", "event_count": 1, "attendances": 50}] * LINES
    write_template(
        inbox / "193.xlsx", LISTS.reporters["193"], JULY, LISTS, {"events": lines},
        revision=2, reason="sửa số liệu", synthetic=True,
    )  # fmt: skip


def _events(warehouse: ModuleType) -> int | None:
    """193's events of July 2020 as BI sees them."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        return reader.execute(EVENTS).fetchone()[0]  # type: ignore[index]


def _files(folder: str) -> set[str]:
    return {str(path) for path in Path(folder).rglob("*") if path.is_file()}


def _count(table: str) -> int:
    with warehouse.connect() as connection:
        return connection.execute(f"select count(*) from {table}".encode()).fetchone()[0]  # type: ignore[index]


# The server


@pytest.mark.usefixtures("without_dbt")
def test_server_stopped_and_restarted_under_load(own_warehouse: ModuleType) -> None:
    deliver_night(1)
    publish_what_waits()
    acknowledged, stop, errors, reads = [1], threading.Event(), [], []

    def read() -> None:
        while not stop.is_set():
            try:
                with psycopg.connect(own_warehouse.reader_url(), autocommit=True) as reader:
                    while not stop.is_set():
                        known = acknowledged[-1]
                        number = whole_number(reader.execute(READ).fetchall())
                        assert number >= known, f"readers went back from {known} to {number}"
                        reads.append(number)
            except psycopg.OperationalError:
                time.sleep(0.05)  # the server is down: a BI tool tries again, too
            except Exception as error:
                errors.append(error)
                return

    def publish_until_broken(first: int) -> None:
        try:
            for number in itertools.count(first):
                deliver_night(number)
                publish_what_waits()
                acknowledged.append(number)
        except psycopg.OperationalError:
            pass
        except Exception as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for how in (signal.SIGKILL, signal.SIGQUIT, signal.SIGINT):  # killed, stopped at once, stopped in order
        done = len(acknowledged)
        publisher = threading.Thread(target=publish_until_broken, args=(acknowledged[-1] + 2,))
        publisher.start()
        wait_for(lambda done=done: len(acknowledged) > done + 2 or errors, seconds=60)
        os.kill(postmaster(), how)
        publisher.join()
        server.start()
        assert seen(own_warehouse) >= acknowledged[-1], "what was published was lost"
        publish_what_waits()
        assert_ledger_is_right(own_warehouse)
        read_before = len(reads)
        wait_for(lambda read_before=read_before: len(reads) > read_before + 20 or errors, seconds=60)
    stop.set()
    for reader in readers:
        reader.join()
    print(f"\n{len(reads)} reads, {len(acknowledged)} releases, 3 restarts")
    assert errors == []


def _cut(application: str) -> None:
    with warehouse.connect() as connection:
        connection.execute(
            """
            select pg_terminate_backend(pid, 5000) from pg_stat_activity
            where application_name = %s and datname = current_database()
            """,
            [application],
        )


def _wait_until_gone(warehouse: ModuleType, application: str) -> None:
    """Waits until the server has noticed that a client is gone."""
    with psycopg.connect(warehouse.url(), autocommit=True) as connection:
        there = "select count(*) from pg_stat_activity where application_name = %s and datname = current_database()"
        wait_for(lambda: connection.execute(there, [application]).fetchone() == (0,), seconds=60)
