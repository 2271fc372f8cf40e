"""Pruning: what readers see does not change; what is gone says so, and comes back from the archive as it was."""

import itertools
import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from click.testing import CliRunner
from support.ledger_by_hand import Ledger
from support.marts import OF_ALL_RELEASES
from support.nights import move_into_one_month
from support.rounds import READ, deliver, seen, whole_number

from mangnon.cli.prune import prune as command
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.ledger import content_hash
from mangnon.orchestration.old_logs import prune_logs
from mangnon.publishing import pruning
from mangnon.warehouse import Connection

LISTS = CodeLists.from_package()
JULY = date(2020, 7, 1)
EVENTS = """
    select sum(event_count) from marts.fct_events
    where period = '2020-07-01' and reporter_code = '193'
"""
RAW_ROWS = "select count(*) from raw.events where load_id = any(%s)"
CORE_ROWS = "select (select count(*) from core.fct_events where load_id = any(%(loads)s))" + (
    " + (select count(*) from core.agg_measures where load_id = any(%(loads)s))"
)

numbers = itertools.count(1)


def send(inbox: Path, count: int | None, revision: int) -> None:
    """193's events of July 2020: one line with so many events, or a line that is wrong."""
    place = inbox / "193"
    place.mkdir(parents=True, exist_ok=True)
    line = {"area": "193", "event_type": "communication", "event_count": count or 1, "attendances": 100}
    if count is None:
        line |= {"child_attendances": 400}  # more than the whole: gate 1 refuses it
    write_template(
        place / f"{revision}-{next(numbers)}.xlsx", LISTS.reporters["193"], JULY, LISTS, {"events": [line]},
        revision=revision, reason="sửa số liệu", synthetic=True,
    )  # fmt: skip


def checksums(warehouse: ModuleType) -> dict[str, int | None]:
    """A hash of the content of every mart, as BI sees it; those of all releases are told apart."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        marts = reader.execute(
            "select table_name from information_schema.views where table_schema = 'marts' and table_name <> all(%s)",
            [list(OF_ALL_RELEASES)],
        ).fetchall()
        assert len(marts) > 15
        query = "select sum(hashtextextended(mart::text, 0)) from marts.{} as mart"
        return {mart: reader.execute(query.format(mart).encode()).fetchone()[0] for (mart,) in marts}  # type: ignore[index]


def look(warehouse: ModuleType, release: int, query: str) -> list[tuple]:
    """What BI gets when it looks back."""
    with psycopg.connect(warehouse.reader_url(), options=f"-c mangnon.release={release}") as reader:
        return reader.execute(query.encode()).fetchall()


def one(connection: Connection, query: str, *parameters: object) -> int:
    """The one number that a query answers."""
    row = connection.execute(query.encode(), parameters or None).fetchone()
    assert row is not None
    return row[0]


def test_pruned_and_read_again(published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]) -> None:
    inbox = tmp_path / "inbox"
    old = look(published, 1, EVENTS)
    send(inbox, 17, 2)
    assert run_night() == 2
    send(inbox, 18, 3)
    send(inbox, None, 4)
    assert run_night() == 3
    move_into_one_month()
    before, report = checksums(published), look(published, 1, "select * from marts.annual_report order by 2, 3")
    loads_of_1 = "select array_agg(load_id) from ops.published_loads where until_release = 2"
    with published.connect() as connection:
        gone = one(connection, loads_of_1)
        raw_rows = one(connection, RAW_ROWS, gone)

    assert "Would remove the rows of 2 loads" in CliRunner().invoke(command, ["--keep", "1", "--dry-run"]).output
    assert look(published, 1, EVENTS) == old
    assert "No longer whole: 1, 2." in CliRunner().invoke(command, ["--keep", "1"]).output
    assert checksums(published) == before
    for release in (1, 2):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"release {release} was pruned on"):
            look(published, release, EVENTS)
        with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"release {release} was pruned on"):
            look(published, release, "select * from marts.dim_areas")
        assert look(published, release, "select release_id from marts.about_release") == [(release,)]
    assert look(published, 1, "select * from marts.annual_report order by 2, 3") == report
    with published.connect() as connection:
        assert one(connection, RAW_ROWS, gone) == 0
        assert connection.execute(CORE_ROWS.encode(), {"loads": gone}).fetchone() == (0,)
        refused = "select count(*) from raw.events inner join ops.loads using (load_id) where state = 'refused'"
        assert one(connection, refused) == 1, "what was refused last night is still asked for"
    assert "There is nothing to prune." in CliRunner().invoke(command, ["--keep", "1"]).output

    assert "Release 1 is whole again: 1 loads" in CliRunner().invoke(command, ["--restore", "1"]).output
    assert look(published, 1, EVENTS) == old
    assert checksums(published) == before
    with published.connect() as connection:
        assert one(connection, RAW_ROWS, gone) == raw_rows
        assert content_hash.changed_contents(connection, gone) == []  # type: ignore[arg-type]
        # Whether the comparison sees a difference at all.
        connection.execute("update core.fct_events set event_count = event_count + 1 where load_id = any(%s)", [gone])
        assert content_hash.changed_contents(connection, gone) == gone  # type: ignore[arg-type]
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="release 2 was pruned"):
        look(published, 2, EVENTS)

    # Both later revisions turn out to be wrong and are held: the pruned first one counts again.
    pruning.prune(keep=1)
    with published.connect() as connection:
        connection.execute(
            """
            update ops.loads set state = 'held', held_by = 'a test'
            where reporter_code = '193' and period = '2020-07-01' and revision > 1 and state = 'accepted'
            """
        )
    assert run_night() == 4
    assert look(published, 4, EVENTS) == old


def test_logs_go_when_nothing_was_added_for_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    logs = tmp_path / "airflow" / "logs"
    for name, days in (("dag/old run/task/1.log", 91), ("dag/run/task/1.log", 91), ("dag/run/task/2.log", 89)):
        path = logs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a log")
        os.utime(path, (time.time() - days * 86_400,) * 2)
    assert prune_logs(90) == 2
    assert [path.name for path in logs.rglob("*")] == ["dag", "run", "task", "2.log"]
    assert prune_logs(90) == 0


def test_a_column_that_a_later_version_adds_changes_no_content(published: ModuleType) -> None:
    with published.connect() as connection:
        query = "select load_id from ops.loads where form = 'events' and rows_loaded > 0 order by load_id"
        loads = [load_id for (load_id,) in connection.execute(query)]
        connection.execute("alter table core.fct_events add column of_a_later_version text")
        assert content_hash.changed_contents(connection, loads) == []
        connection.execute("update core.fct_events set of_a_later_version = 'x' where load_id = %s", [loads[0]])
        assert content_hash.changed_contents(connection, loads) == [loads[0]]


def test_what_is_read_otherwise_is_not_restored(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    send(tmp_path / "inbox", 17, 2)
    assert run_night() == 2
    move_into_one_month()
    pruning.prune(keep=1)
    with published.connect() as connection:
        connection.execute("update ops.loads set content_hash = 'as it was' where pruned_at is not null")
    with pytest.raises(pruning.ReadsOtherwise, match="read differently by today's code"):
        pruning.restore(1)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="release 1 was pruned on"):
        look(published, 1, EVENTS)
    with published.connect() as connection:
        rows = "select count(*) from core.fct_events inner join ops.loads using (load_id) where pruned_at is not null"
        assert one(connection, rows) == 0
    with pytest.raises(pruning.NotPruned, match="release 2 is whole"):
        pruning.restore(2)


def test_kept_are_the_newest_releases_and_the_last_of_each_month(warehouse: ModuleType) -> None:
    days = ["2021-01-30 10:00", "2021-01-31 16:59", "2021-01-31 17:01", "2021-02-10 10:00", "2021-02-11 10:00"]
    with warehouse.connect() as connection:
        for number, moment in enumerate(days, start=1):
            _publish(connection, number)
            connection.execute(
                "update ops.releases set published_at = %s where release_id = %s", [f"{moment}+00", number]
            )
    # 31 January 17:01 UTC is February in Viet Nam, so release 2 is the last one of January.
    assert pruning.prune(keep=1).releases == [1, 3, 4]
    assert whole_number(look(warehouse, 2, READ)) == 2
    assert seen(warehouse) == 5


def test_what_waits_or_is_held_stays(warehouse: ModuleType) -> None:
    with warehouse.connect() as connection:
        for number in (1, 2, 3):
            _publish(connection, number)
        connection.execute("update ops.loads set state = 'held' where revision = 1")
        connection.execute("update ops.loads set state = 'modelled' where revision = 2 and form = 'events'")
        pruned = pruning.prune(keep=1)
        assert len(pruned.load_ids) == 2
        rows = connection.execute(
            """
            select revision, form, count(fct_events.load_id) + count(fct_incidents.load_id)
            from ops.loads
            left join core.fct_events using (load_id)
            left join core.fct_incidents using (load_id)
            where loads.reporter_code = '193'
            group by revision, form
            order by revision, form
            """
        ).fetchall()
    assert [row for row in rows if row[2] == 0] == [(2, "incidents", 0)]


def test_cut_off_between_two_steps_no_release_shows_a_part_of_itself(
    warehouse: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "LOADS_AT_ONCE", 1)
    remove = pruning.remove_rows
    with warehouse.connect() as connection:
        for number in range(1, 4):
            _publish(connection, number)
    for steps in (0, 1, 2):
        calls = iter(range(steps))

        def cut_off(connection: Connection, load_ids: list[int], calls: "itertools.islice" = calls) -> None:  # type: ignore[assignment]
            if next(calls, None) is None:
                raise ConnectionError("cut off")
            remove(connection, load_ids)

        monkeypatch.setattr(pruning, "remove_rows", cut_off)
        with pytest.raises(ConnectionError):
            pruning.prune(keep=1)
        for release in (1, 2):
            with pytest.raises(psycopg.errors.InvalidParameterValue, match="was pruned"):
                look(warehouse, release, READ)
        assert seen(warehouse) == 3
    monkeypatch.setattr(pruning, "remove_rows", remove)
    pruning.prune(keep=1)
    with warehouse.connect() as connection:
        assert one(connection, "select count(*) from core.fct_events") == 2 * 20
        assert one(connection, "select count(*) from ops.loads where pruned_at is not null") == 8
    assert seen(warehouse) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "delete from raw.events",
        "delete from core.fct_events",
        "select * from raw.events",
        "update ops.loads set state = 'accepted'",
        "update ops.releases set state = 'published'",
        "delete from ops.published_loads",
        "delete from ops.loads",
    ],
)
def test_what_the_pruner_may_not_do(warehouse: ModuleType, statement: str) -> None:
    with warehouse.connect("pruner") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("role", ["loader", "transformer", "auditor", "publisher"])
def test_only_the_pruner_prunes(warehouse: ModuleType, role: str) -> None:
    with warehouse.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select ops.prune_loads('{1}')")


@pytest.mark.parametrize(
    "kept", ["state = 'accepted' and revision = 2", "state = 'held'", "state = 'modelled'", "reporter_code <> '193'"]
)
def test_the_database_itself_keeps_what_counts(warehouse: ModuleType, kept: str) -> None:
    with warehouse.connect() as connection:
        _publish(connection, 1)
        _publish(connection, 2)
        connection.execute("update ops.releases set pruned_at = now() where release_id = 1")
        connection.execute("update ops.loads set state = 'held' where revision = 1 and form = 'events'")
        deliver(connection, 3)
        load = one(connection, f"select load_id from ops.loads where {kept} order by load_id desc limit 1")
    with warehouse.connect("pruner") as pruner, pytest.raises(psycopg.errors.RestrictViolation, match="not pruned"):
        pruner.execute("select ops.prune_loads(%s)", [[load]])


def _publish(connection: Connection, number: int) -> None:
    deliver(connection, number)
    assert Ledger(connection).night() is not None
