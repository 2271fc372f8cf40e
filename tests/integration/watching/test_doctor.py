"""The doctor: whatever is broken, one line says what, and what to do."""

import shutil
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from support import databases
from support.watching import LATER, found

from mangnon.cli.main import cli
from mangnon.watching import doctor


def test_the_doctor_says_one_line_a_check_and_ends_with_1(warehouse: ModuleType) -> None:
    outcome = CliRunner().invoke(cli, ["doctor"])
    assert outcome.exit_code == 1
    assert "ok       database    PostgreSQL 18." in outcome.output
    assert "ok       deployment  tables, views" in outcome.output
    assert "ok       night       nothing is overdue; none came yet" in outcome.output
    assert "to do    Airflow     does not answer, so no night comes: " in outcome.output
    assert "unknown  schedule    cannot be looked at while Airflow is down" in outcome.output
    assert "info     mail        not configured" in outcome.output
    assert len(outcome.output.splitlines()) == len(doctor.examine())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://mangnon@127.0.0.1:1/warehouse", "does not answer: connection failed: "),
        (None, "does not answer: the embedded PostgreSQL does not run. start it: `mangnon up`"),
    ],
)
def test_a_database_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str | None, said: str) -> None:
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    monkeypatch.setenv("WAREHOUSE_URL", url or "")
    (line,) = found("database")
    assert line.startswith(said)
    assert not list(tmp_path.iterdir()), "it starts nothing, and leaves nothing behind"


def test_a_database_that_hangs_holds_up_no_other_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://mangnon@127.0.0.1:{silent.getsockname()[1]}/warehouse")
        lines = doctor.examine()
    assert [line.what for line in lines if line.subject == "database"] == ["no answer within 1 s"]
    assert {"inbox", "disk", "mail"} <= {line.subject for line in lines}


def test_a_database_of_another_version_or_without_a_deployment(
    warehouse: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "POSTGRESQL", 19)
    assert "PostgreSQL 19 is needed: move the data to one" in found("database")[0]
    monkeypatch.setenv("WAREHOUSE_URL", databases.make("mangnon_test_empty"))
    assert found("deployment") == ["nothing was deployed here. `mangnon deploy`"]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("delete from ops.deployments", "the warehouse was not deployed by this version yet: run `mangnon deploy`"),
        ("update alembic_version set version_num = '9999'", "the warehouse is at migration 9999, which this code does"),
        ("update ops.deployments set code_hash = 'other'", "the warehouse belongs to other code than this, deployed"),
    ],
)
def test_a_warehouse_of_another_version(warehouse: ModuleType, statement: str, said: str) -> None:
    assert found("deployment") == []
    with warehouse.connect() as connection:
        connection.execute(statement)
    (line,) = found("deployment")
    assert line.startswith(said)


@pytest.mark.parametrize("place", ["inbox", "archive", "outbox"])
def test_a_place_that_cannot_be_written(
    warehouse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv(f"MANGNON_{place.upper()}", str(tmp_path / "inside" / place))
    # An inbox that is not there is a finding of its own; the others are made when they are first written to.
    assert ["is not there" in line for line in found(place)] == ([True] if place == "inbox" else [])
    assert [path.name for path in tmp_path.iterdir()] == ["inbox"], "it makes nothing"
    (tmp_path / "inside").write_text("no folder")
    line, *_ = found(place)
    assert "cannot be written: [Errno 20] Not a directory" in line
    assert f"correct MANGNON_{place.upper()}" in line
    monkeypatch.setenv(f"MANGNON_{place.upper()}", "nothing://knows/this")
    assert "cannot be written: Protocol not known: nothing" in found(place)[0]


def test_an_archive_that_is_another_one(published: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("archive") == []
    monkeypatch.setenv("MANGNON_ARCHIVE", str(tmp_path / "empty"))
    (line,) = found("archive")
    assert "the file of delivery" in line
    assert "see whether the right disk is mounted there" in line


def test_a_disk_that_is_nearly_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "LOWEST_FREE", shutil.disk_usage(tmp_path).total)
    assert "GiB are free where the home lies" in found("disk")[0]


def test_a_release_that_is_old(published: ModuleType) -> None:
    assert found("release") == []
    (line,) = found("release", LATER + timedelta(days=40))
    assert "42 days old, although reports are monthly" in line or "41 days old" in line


def test_mail_that_is_half_configured(
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def said() -> list[tuple[str, str]]:
        return [(line.state, line.what) for line in doctor.examine() if line.subject == "mail"]

    configure("smtp://127.0.0.1:1", "193,a@example.org")
    assert said() == [("info", "no line _office in MANGNON_MAIL_ADDRESSES: nobody hears of a missed deadline")]
    configure("smtp://127.0.0.1:1", "_office,a@example.org")
    assert said() == [("ok", "configured")]
    monkeypatch.setenv("MANGNON_MAIL_FROM", "nobody")
    assert said()[0] == ("to do", "MANGNON_MAIL_FROM is no address")
    configure("smtp://127.0.0.1:1", "_office,nobody")
    assert "line 2: write the code of a reporter and one address" in said()[0][1]
