"""Logs: each line names the run, batch, delivery and load that it speaks of."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mangnon.intake import steps


def test_lines_of_the_log_carry_the_ids_of_what_they_speak_of(
    listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inbox" / "_office").mkdir()
    (tmp_path / "inbox" / "_office" / "unreadable.xlsx").write_text("nothing")
    steps.collect()
    monkeypatch.setenv("MANGNON_JSON_LOGS", "true")
    done = subprocess.run([sys.executable, "-m", "mangnon.cli", "load"], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["logger"] for line in lines} == {"mangnon.intake.steps", "mangnon.intake.loads"}
    assert all(line["run_id"].startswith("load__20") and line["timestamp"] and line["level"] for line in lines)
    read = {
        (line["batch"], line["delivery"], line["load"]): line["event"]
        for line in lines
        if line["logger"] == "mangnon.intake.loads"
    }
    with listed.connect("auditor") as connection:
        loads = connection.execute(
            "select batch_id, delivery_id, load_id from ops.loads where reporter_code is null"
        ).fetchall()
    assert read.keys() == set(loads)
    assert len(read) == 1
    assert "unreadable.xlsx: no form is refused, 0 rows, 0 refused" in read.values()

    monkeypatch.delenv("MANGNON_JSON_LOGS")
    quiet = subprocess.run([sys.executable, "-m", "mangnon.cli", "load"], capture_output=True, text=True, check=True)
    assert quiet.stderr == "", "on a terminal only what needs attention"
