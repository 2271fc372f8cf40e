"""A night that is killed, or whose disk is full: nobody sees half of it, and a rerun completes it."""

import errno
import os
import pwd
import resource
import signal
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import psycopg
import pytest
from support import dbt_server
from support.bad_input import submission
from support.processes import Barrier, Break, Process, cut, kill_me, wait_for, wait_until_gone
from support.rounds import assert_ledger_is_right

from mangnon import warehouse
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.intake import archive, steps
from mangnon.intake import rows as intake_rows
from mangnon.publishing import phases
from mangnon.settings import settings
from mangnon.warehouse import dbt, server

LISTS = CodeLists.from_package()
JULY = date(2020, 7, 1)
EVENTS = """
    select sum(event_count) from marts.fct_events
    where period = '2020-07-01' and reporter_code = '193'
"""
LINES = 150  # more than a page of raw
WAL_SEGMENT = 16 << 20
CONNECTION_LOST, DISK_FULL = 3, 4  # how a loader ended


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
    limit = Process(target=_limit_files_of, args=(pid, size, server.as_server_user()))
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
    cut("mangnon loader")


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
    copy_blocks = intake_rows.csv_blocks
    for how, ends in ((kill_me, -signal.SIGKILL), (cut_the_loader, CONNECTION_LOST), (fill_the_disk, DISK_FULL)):

        def break_while_copying(*arguments: Any, how: Break = how) -> Iterator[memoryview]:
            blocks = list(copy_blocks(*arguments))
            half = len(blocks[0]) // 2
            yield blocks[0][:half]
            how()
            yield blocks[0][half:]
            yield from blocks[1:]

        monkeypatch.setattr(intake_rows, "csv_blocks", break_while_copying)
        loader = Process(target=_load)
        loader.start()
        loader.join()
        wait_until_gone(published, "mangnon loader")
        assert loader.exitcode == ends, how.__name__
        assert (_count("raw.events"), _count("ops.loads")) == (rows, loads), how.__name__
        assert _events(published) == before
    monkeypatch.setattr(intake_rows, "csv_blocks", copy_blocks)
    with published.connect() as connection:
        connection.execute("delete from raw.events where load_id = -1")
    assert run_night() == 2
    assert _events(published) == LINES
    assert_ledger_is_right(published)


def test_dbt_killed_between_two_models(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt, "run_process", dbt_server.USUAL)
    before = _events(published)
    _send(tmp_path / "inbox")
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()
    with (
        published.connect() as blocker,
        blocker.transaction(),
        psycopg.connect(published.url(), autocommit=True) as watcher,
    ):
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
    place = inbox / "193"
    place.mkdir(parents=True, exist_ok=True)
    lines = [{"area": "193", "event_type": "other", "event_count": 1, "attendances": 50}] * LINES
    write_template(
        place / "a.xlsx", LISTS.reporters["193"], JULY, LISTS, {"events": lines},
        revision=2, reason="sửa số liệu", synthetic=True,
    )  # fmt: skip


def _events(warehouse: ModuleType) -> int | None:
    """193's events of July 2020 as BI sees them."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        return reader.execute(EVENTS).fetchone()[0]  # type: ignore[index]


def _files(folder: str) -> set[str]:
    return {str(path) for path in Path(folder).rglob("*") if path.is_file() and path.suffix != ".json"}


def _count(table: str) -> int:
    with warehouse.connect() as connection:
        return connection.execute(f"select count(*) from {table}".encode()).fetchone()[0]  # type: ignore[index]


def test_two_nights_at_once_read_each_file_once(listed: ModuleType, tmp_path: Path) -> None:
    for revision in range(1, 9):
        submission(tmp_path / "inbox" / "193" / f"{revision}.xlsx", "193", revision=revision)
    steps.collect()
    together = Barrier(2)

    def load() -> None:
        together.wait()
        steps.load("193")

    nights = [Process(target=load) for _ in range(2)]
    for night in nights:
        night.start()
    for night in nights:
        night.join()
    assert [night.exitcode for night in nights] == [0, 0]
    with listed.connect() as connection:
        loads = connection.execute(
            """
            select count(distinct delivery_id), count(distinct (delivery_id, form)), count(*), array_agg(distinct state)
            from ops.loads where reporter_code = '193'
            """
        ).fetchone()
    assert loads == (8, 16, 16, ["loaded"])
