"""The runbook of backups, command by command: what was published comes back on an empty machine, and nights go on."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from click.testing import CliRunner

from mangnon.cli.main import cli
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.settings import PROJECT
from mangnon.warehouse import server

RUNBOOK = (PROJECT / "docs" / "runbooks" / "back-up-and-restore.md").read_text(encoding="utf-8")
BACK_UP, RESTORE, VERIFY = re.findall(r"^```sh\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL)
LISTS = CodeLists.from_package()


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Goes over to a machine with nothing on it but the backup: a home, and soon a server, of its own."""
    here = os.environ["MANGNON_HOME"]
    home = Path(f"{here}-restored")

    def go_over() -> None:
        monkeypatch.delenv("WAREHOUSE_URL")
        for place in ("archive", "outbox"):
            monkeypatch.delenv(f"MANGNON_{place.upper()}")
        monkeypatch.setenv("MANGNON_INBOX", str(tmp_path / "inbox here"))
        monkeypatch.setenv("MANGNON_HOME", str(home))

    shutil.rmtree(home, ignore_errors=True)
    yield go_over
    monkeypatch.setenv("MANGNON_HOME", str(home))
    server.stop()
    shutil.rmtree(server.folder())
    shutil.rmtree(home, ignore_errors=True)
    monkeypatch.setenv("MANGNON_HOME", here)  # where the database of the test is dropped


def test_the_runbook_of_backups(
    published: ModuleType,
    empty_machine: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_night: Callable[[], int | None],
) -> None:
    monkeypatch.setenv("BACKUP", str(tmp_path / "backup"))
    asked = ("report", "--year", "2020"), ("explain", "F13", "--year", "2020", "--format", "csv"), ("release", "list")
    _shell(BACK_UP)
    before = [_said(*arguments) for arguments in asked]
    there = published.reader_url()

    empty_machine()
    _shell(RESTORE)
    assert [_said(*arguments) for arguments in asked] == before
    _shell(VERIFY)
    with psycopg.connect(published.reader_url(), autocommit=True) as reader:
        assert psycopg.conninfo.conninfo_to_dict(there)["password"] == reader.info.password
        reader.execute("set mangnon.as_of = '2100-01-01'")
        assert reader.execute("select release_id from marts.about_release").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select * from core.fct_events")
    with published.connect("loader") as loader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        loader.execute("delete from ops.loads")

    _send(tmp_path / "inbox here" / "193" / "late.xlsx")
    assert run_night() == 2
    assert "late.xlsx" in _said("release", "diff", "1", "2")


def test_a_file_that_the_archive_lost_is_noticed(
    published: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(os.environ["MANGNON_ARCHIVE"], archive)
    monkeypatch.setenv("MANGNON_ARCHIVE", str(archive))
    with published.connect() as connection:
        query = "select sha256 from ops.deliveries order by sha256 limit 2"
        lost, changed = (archive / sha256[:2] / sha256 for (sha256,) in connection.execute(query))
    lost.unlink()
    changed.write_bytes(b"other")
    (check,) = [line for line in VERIFY.splitlines() if "archive check" in line]
    result = subprocess.run(["bash", "-c", check], cwd=PROJECT, capture_output=True, text=True)
    assert result.returncode != 0
    assert lost.name in result.stdout
    assert changed.name in result.stdout


def test_a_backup_keeps_its_good_copy_of_a_file_that_was_damaged_since(
    published: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, backup = tmp_path / "archive", tmp_path / "backup"
    shutil.copytree(os.environ["MANGNON_ARCHIVE"], archive)
    monkeypatch.setenv("MANGNON_ARCHIVE", str(archive))
    monkeypatch.setenv("BACKUP", str(backup))
    _, _, files = BACK_UP.partition("# Only adds")
    here = BACK_UP.splitlines()[0]
    backup.joinpath("archive").mkdir(parents=True)
    _shell(f"{here}\n#{files}")
    file = next(path for path in archive.rglob("*") if path.is_file() and not path.suffix)
    good = file.read_bytes()
    file.write_bytes(b"damaged")
    _shell(f"{here}\n#{files}")
    assert (backup / "archive" / file.relative_to(archive)).read_bytes() == good
    (backup / "archive" / file.relative_to(archive)).write_bytes(b"half")
    with pytest.raises(AssertionError, match="WARNING: 1 computed checksum did NOT match"):
        _shell(f"{here}\n#{files}")


def _shell(commands: str) -> str:
    result = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", commands], cwd=PROJECT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def _said(*arguments: str) -> str:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return re.sub(r"\S*/archive/", "", result.output)


def _send(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {"area": "193", "event_type": "communication", "event_count": 1, "attendances": 20}
    write_template(path, LISTS.reporters["193"], date(2021, 1, 1), LISTS, {"events": [line]}, synthetic=True)
