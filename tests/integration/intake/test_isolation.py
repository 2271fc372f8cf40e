"""One file never stops another: hostile files, readers and loaders that are killed, and what people decide of them."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from support import readers
from support.bad_input import submission
from support.hostile import COVER, HEADER, HOSTILE, ROW
from support.processes import Process

from mangnon.cli.main import cli
from mangnon.intake import rows as intake_rows
from mangnon.intake import set_aside, steps
from mangnon.reading.isolation.client import ReaderGone
from mangnon.watching import doctor, metrics


def load_all() -> None:
    for reporter in steps.collect():
        steps.load(reporter)


def loads_of(warehouse: ModuleType, name: str) -> list[tuple[Any, ...]]:
    """Returns the loads of a file: form, state, rows."""
    with warehouse.connect("auditor") as connection:
        return connection.execute(
            """
            select form, state, rows_loaded from ops.loads inner join ops.deliveries using (delivery_id)
            where file_name = %s order by load_id
            """,
            [name],
        ).fetchall()


def problems_of(warehouse: ModuleType, name: str) -> list[tuple[str, str]]:
    """Returns the rules and messages of a file's problems."""
    with warehouse.connect("auditor") as connection:
        return connection.execute(
            """
            select rule, message from raw.problems
            inner join ops.loads using (load_id) inner join ops.deliveries using (delivery_id)
            where file_name = %s and severity = 'critical'
            """,
            [name],
        ).fetchall()


def test_a_night_with_every_hostile_file(listed: ModuleType, tmp_path: Path) -> None:
    for number, (name, make, _) in enumerate(HOSTILE.values()):
        make(tmp_path / "inbox" / "_office" / name)
        submission(tmp_path / "inbox" / "_office" / f"tot-{number}.xlsx", "194", revision=number + 1)
    load_all()
    for number, (name, _, rule) in enumerate(HOSTILE.values()):
        assert [rows for _, _, rows in loads_of(listed, f"tot-{number}.xlsx")] == [2, 1]
        ((found, message),) = problems_of(listed, name)
        assert found == rule
        assert message
    assert steps.collect() == []


def large(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(COVER + HEADER + ROW * 300_000)


def while_copying(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Acts once, after the first block of a file."""
    blocks = intake_rows.csv_blocks

    def broken(*arguments: Any) -> Iterator[memoryview]:
        monkeypatch.setattr(intake_rows, "csv_blocks", blocks)
        for number, block in enumerate(blocks(*arguments)):
            yield block
            if number == 0:
                act()

    monkeypatch.setattr(intake_rows, "csv_blocks", broken)


def test_a_reader_that_is_killed_refuses_its_file_alone(
    listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large(tmp_path / "inbox" / "_office" / "a.csv")
    submission(tmp_path / "inbox" / "_office" / "b.xlsx")
    while_copying(monkeypatch, lambda: readers.reader().kill())
    load_all()
    assert loads_of(listed, "a.csv") == [(None, "refused", 0)]
    assert problems_of(listed, "a.csv")[0][0] == "reading_failed"
    assert [rows for *_, rows in loads_of(listed, "b.xlsx")] == [2, 1]
    assert rows_in_raw(listed) == 2


def test_a_loader_or_a_zygote_that_is_killed_leaves_nothing_and_is_completed(
    listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large(tmp_path / "inbox" / "_office" / "a.csv")
    assert steps.collect() == ["193"]
    blocks = intake_rows.csv_blocks
    while_copying(monkeypatch, lambda: readers.zygote().kill())
    with pytest.raises(ReaderGone):
        steps.load("193")
    assert (loads_of(listed, "a.csv"), rows_in_raw(listed)) == ([], 0)
    while_copying(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGKILL))
    loader = Process(target=steps.load, args=("193",))
    loader.start()
    loader.join()
    assert loader.exitcode == -signal.SIGKILL
    assert (loads_of(listed, "a.csv"), rows_in_raw(listed)) == ([], 0)
    monkeypatch.setattr(intake_rows, "csv_blocks", blocks)
    steps.load("193")
    assert loads_of(listed, "a.csv") == [("events", "loaded", 300_000)]


def test_a_value_that_the_database_does_not_take_refuses_its_delivery_alone(
    listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission(tmp_path / "inbox" / "_office" / "a.xlsx")
    submission(tmp_path / "inbox" / "_office" / "b.xlsx", "194")

    def unstorable() -> None:
        raise psycopg.errors.CharacterNotInRepertoire("invalid byte sequence")

    while_copying(monkeypatch, unstorable)
    load_all()
    assert loads_of(listed, "a.xlsx") == [(None, "refused", 0)]
    assert [rows for *_, rows in loads_of(listed, "b.xlsx")] == [2, 1]
    assert "CharacterNotInRepertoire" in problems_of(listed, "a.xlsx")[0][1]


def test_people_set_a_failed_delivery_aside_or_have_it_read_again(
    listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large(tmp_path / "inbox" / "_office" / "a.csv")
    while_copying(monkeypatch, lambda: readers.reader().kill())
    load_all()
    steps.close()
    number = delivery(listed, "a.csv")
    assert 'mangnon_deliveries_failed{failure="SIGKILL"} 1.0' in metrics.text()
    assert [line.what for line in doctor.examine() if line.subject == "delivery"] == [
        f"the reading of delivery {number}, 'a.csv', failed: SIGKILL"
    ]
    assert "SIGKILL" in CliRunner().invoke(cli, ["status"]).output

    said = CliRunner().invoke(cli, ["delivery", "retry", str(number), "--reason", "máy chủ hết bộ nhớ", "--by", "Lan"])
    assert said.output == f"The next night reads delivery {number} again.\n"
    assert "SIGKILL" not in metrics.text()
    load_all()
    assert loads_of(listed, "a.csv")[1:] == [("events", "loaded", 300_000)]
    assert steps.collect() == []

    set_aside.refuse(number, "Lan", "gửi nhầm biểu")
    assert [state for _, state, _ in loads_of(listed, "a.csv")] == ["refused"] * 3
    assert any("gửi nhầm biểu" in message for _, message in problems_of(listed, "a.csv"))
    with listed.connect("auditor") as connection:
        decisions = connection.execute(
            "select decision, decided_by, reason from ops.delivery_decisions order by decision_id"
        ).fetchall()
    assert decisions == [("retry", "Lan", "máy chủ hết bộ nhớ"), ("refuse", "Lan", "gửi nhầm biểu")]


def test_a_delivery_that_nobody_read_yet_is_set_aside(listed: ModuleType, tmp_path: Path) -> None:
    submission(tmp_path / "inbox" / "_office" / "a.xlsx")
    assert steps.collect() == ["193"]
    number = delivery(listed, "a.xlsx")
    with pytest.raises(set_aside.NotDecidable, match="waits to be read already"):
        set_aside.retry(number, "Lan", "vì sao không")
    set_aside.refuse(number, "Lan", "gửi nhầm")
    assert steps.collect() == []
    assert loads_of(listed, "a.xlsx") == [(None, "refused", 0)]
    with pytest.raises(set_aside.NotDecidable, match="no delivery 999"):
        set_aside.refuse(999, "Lan", "gửi nhầm")


def test_what_is_published_is_held_instead(published: ModuleType) -> None:
    with pytest.raises(set_aside.NotDecidable, match=r"mangnon load hold \d+ --reason"):
        set_aside.refuse(20, "Lan", "gửi nhầm")
    with pytest.raises(set_aside.NotDecidable, match="mangnon backfill"):
        set_aside.retry(20, "Lan", "đọc lại")


def delivery(warehouse: ModuleType, name: str) -> int:
    with warehouse.connect("auditor") as connection:
        row = connection.execute("select delivery_id from ops.deliveries where file_name = %s", [name]).fetchone()
    assert row is not None
    return row[0]


def rows_in_raw(warehouse: ModuleType) -> int:
    with warehouse.connect("auditor") as connection:
        return connection.execute("select count(*) from raw.events").fetchone()[0]  # type: ignore[index]
