"""Who is told what, once, whatever is killed: into the outbox."""

import multiprocessing
import signal
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from support.processes import kill_me
from support.telling import load_everything, rows, send_refused

from mangnon.cli.main import cli
from mangnon.publishing import backfills
from mangnon.telling import messages


@pytest.mark.parametrize("point", ["outbox.put", "note", "after"])
def test_killed_anywhere_nothing_is_told_twice_and_nothing_lost(
    refused: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def told_until_killed() -> None:
        if point != "after":
            monkeypatch.setattr(f"mangnon.telling.messages.{point}", kill_me)
        messages.write_feedback()
        kill_me()

    process = multiprocessing.get_context("fork").Process(target=told_until_killed)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    messages.write_feedback()
    messages.write_feedback()
    (row,) = rows(refused, "kind, reporter_code, period, topics, mail_state")
    assert row == ("workbook", "SLDTBXH", date(2025, 11, 1), ["programme_sites:sheet_missing"], "none")
    assert len([path for path in (tmp_path / "outbox").rglob("*") if path.is_file()]) == 1


def test_one_that_cannot_be_told_holds_up_no_other(
    refused: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_refused(tmp_path / "inbox", "b.xlsx", "TINHDOAN")
    load_everything()
    written = messages.write_workbook

    def break_one(path: Path, feedback: Any, *rest: Any) -> None:
        if feedback.reporter.code == "SLDTBXH":
            raise ValueError("no space")
        written(path, feedback, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(messages, "write_workbook", break_one)
        with pytest.raises(messages.NotTold, match="no space"):
            messages.write_feedback()
    assert rows(refused, "reporter_code") == [("TINHDOAN",)]
    messages.write_feedback()
    assert rows(refused, "reporter_code") == [("TINHDOAN",), ("SLDTBXH",)]


def test_what_is_read_again_is_not_told_again(refused: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(messages.write_feedback()) == 1
    monkeypatch.setattr(backfills, "fingerprint", lambda _: "newer code")
    monkeypatch.setattr("mangnon.intake.loads.fingerprint", lambda _: "newer code")
    scope = backfills.Scope(date(2025, 11, 1), date(2025, 11, 1))
    with refused.connect("loader") as connection:
        backfills.reread(backfills.begin(connection, scope, "a test"), date(2025, 11, 1))
    with refused.connect() as connection:
        connection.execute("update raw.problems set rule = 'a_newer_rule', message = 'lời mới'")
        reread = connection.execute("select count(*) from ops.loads where form = 'programme_sites'").fetchone()
    assert reread == (2,)
    assert messages.write_feedback() == []


def test_what_the_command_says(refused: ModuleType, tmp_path: Path) -> None:
    would = CliRunner().invoke(cli, ["tell", "--dry-run"])
    assert would.output == "SLDTBXH 2025-11: Báo cáo.xlsx: 1 lỗi phải sửa\n"
    assert not (tmp_path / "outbox").exists()
    assert CliRunner().invoke(cli, ["tell"]).output.startswith(f"Told: {tmp_path / 'outbox' / 'SLDTBXH' / '2025-11'}")
    assert CliRunner().invoke(cli, ["tell"]).output == "There was nothing to tell.\n"
    shown = CliRunner().invoke(cli, ["status"]).output
    assert "Told to reporters" in shown
    assert "Báo cáo.xlsx" in shown
