"""What tests of publishing begin with."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from support import databases
from support.resubmission import Resubmitted
from support.workbooks import event, send, sessions

from mangnon.publishing import phases


@pytest.fixture
def resubmitted(published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]) -> Resubmitted:
    inbox = tmp_path / "inbox"
    before = sessions(published, "193") or 0

    def resubmit() -> None:
        send(inbox, "193", {"events": [event("193", before + 1)]}, 2, "thiếu một buổi")
        assert run_night() == 2

    databases.once("resubmitted", resubmit)
    with published.connect("auditor") as connection:
        (load,) = connection.execute("select max(load_id) from ops.loads").fetchone()
    return Resubmitted(published, inbox, run_night, before, load)


@pytest.fixture
def no_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishing without dbt and gates, for loads that have no rows."""
    monkeypatch.setattr(phases.dbt, "build_release_tables", lambda release_id: None)
    monkeypatch.setattr(phases, "judge_release", lambda release_id, _: release_id)
