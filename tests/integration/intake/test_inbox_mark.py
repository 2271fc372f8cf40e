"""An inbox that vanished is not a quiet night."""

import shutil
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from support.watching import found

from mangnon.cli.main import cli
from mangnon.deployment.inbox_mark import mark_inbox
from mangnon.intake import steps
from mangnon.intake.arrivals import InboxGone
from mangnon.stores.mark import MARK


@pytest.fixture
def inbox(listed: ModuleType, tmp_path: Path) -> Path:
    """The inbox, from which a file arrived."""
    (tmp_path / "inbox" / "193").mkdir()
    (tmp_path / "inbox" / "193" / "a.xlsx").write_bytes(b"synthetic")
    steps.collect()
    return tmp_path / "inbox"


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_disk_that_is_not_mounted_fails_the_night(inbox: Path, left: str) -> None:
    assert found("inbox") == []
    shutil.rmtree(inbox)
    if left == "an empty folder":
        inbox.mkdir()
    with pytest.raises(InboxGone, match="mount it, or correct MANGNON_INBOX"):
        steps.collect()
    (line,) = found("inbox")
    assert "mount it, or correct MANGNON_INBOX" in line
    said = mark_inbox()
    assert said is not None
    assert "--mark-inbox" in said
    assert not (inbox / MARK).exists()
    with pytest.raises(InboxGone):
        steps.collect()
    outcome = CliRunner().invoke(cli, ["status"])
    assert "mount it, or correct MANGNON_INBOX" in outcome.output
    assert mark_inbox(is_sure=True) is None
    assert isinstance(steps.collect(), list)


def test_an_inbox_of_an_earlier_version_gets_its_mark(inbox: Path) -> None:
    (inbox / MARK).unlink()
    assert mark_inbox() is None
    assert (inbox / MARK).exists()


def test_the_first_deployment_makes_the_inbox(
    listed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANGNON_INBOX", str(tmp_path / "new" / "inbox"))
    assert mark_inbox() is None
    assert (tmp_path / "new" / "inbox" / MARK).exists()
