"""A disk of temporary files that is full: it is said plainly, no file is blamed, and nothing is lost."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from support.bad_input import submission
from support.hostile import COVER, HEADER, ROW

# Makes a small disk that nobody else sees, and runs a command whose temporary files lie there. It needs no root.
SMALL_DISK = 'mount -t tmpfs -o size="$0" tmpfs "$TMPDIR" && exec "$@"'


def with_a_disk_of(size: str, tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    folder = tmp_path / "temporary"
    folder.mkdir(exist_ok=True)
    mangnon = [sys.executable, "-m", "mangnon.cli", *command]
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "env", f"TMPDIR={folder}", "sh", "-c", SMALL_DISK, size, *mangnon],
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _a_small_disk_can_be_made(tmp_path: Path) -> None:
    if not shutil.which("unshare") or with_a_disk_of("16k", tmp_path, "--version").returncode:
        pytest.skip("this machine lets nobody but root mount a disk")


def query(listed: ModuleType, text: str) -> list[tuple]:
    with listed.connect() as connection:
        return connection.execute(text).fetchall()


def test_no_file_is_copied_and_the_next_night_does(listed: ModuleType, tmp_path: Path) -> None:
    submission(tmp_path / "inbox" / "193" / "a.xlsx", "193")
    failed = with_a_disk_of("8k", tmp_path, "collect")
    assert failed.returncode == 1
    assert "mangnon: the disk of temporary files is full" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert query(listed, "select 1 from ops.deliveries where place <> '_reference'") == []
    assert with_a_disk_of("8m", tmp_path, "collect").returncode == 0
    assert len(query(listed, "select 1 from ops.deliveries where place <> '_reference'")) == 1


def test_a_file_that_cannot_be_unpacked_waits_and_is_not_refused(listed: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "inbox" / "193").mkdir()
    with zipfile.ZipFile(tmp_path / "inbox" / "193" / "a.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("a.csv", COVER + HEADER + ROW * 3_000)
    assert with_a_disk_of("60k", tmp_path, "collect").returncode == 0
    failed = with_a_disk_of("60k", tmp_path, "load")
    assert failed.returncode == 1
    assert "193: the disk of temporary files is full" in failed.stderr
    assert query(listed, "select 1 from ops.loads where reporter_code <> '_reference'") == []
    assert with_a_disk_of("8m", tmp_path, "load").returncode == 0
    loads = "select form, rows_loaded from ops.loads where reporter_code <> '_reference'"
    assert query(listed, loads) == [("events", 3_000)]
