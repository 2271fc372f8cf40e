"""Every command of the README, and of the pages behind its doors, works."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from click.testing import CliRunner

from mangnon.cli.main import cli
from mangnon.contract.code_lists import REFERENCE_FOLDER

PROJECT = Path(__file__).parents[3]
README = "".join((PROJECT / page).read_text() for page in ("README.md", "docs/operating.md", "docs/analysis.md"))
COMMANDS = re.findall(r"^\.venv/bin/mangnon ([^#\n]*[^#\s])", README, re.MULTILINE)
TARGETS = sorted(set(re.findall(r"\bmake ([a-z]+)", README)))
SETTINGS = re.findall(r"^set (mangnon\..*?);", README, re.MULTILINE)


def test_commands_of_the_readme(published: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(COMMANDS) >= 7
    monkeypatch.chdir(tmp_path)
    shutil.copy(REFERENCE_FOLDER / "areas.csv", tmp_path)
    shown = {}
    for command in COMMANDS:
        result = CliRunner().invoke(cli, shlex.split(command))
        assert result.exit_code == 0, f"mangnon {command}: {result.output} {result.exception}"
        shown[command] = result.output
    assert "Nothing waits to be published." in shown["night"]
    assert (tmp_path / "193_2020-03.xlsx").exists()


@pytest.mark.parametrize("target", TARGETS)
def test_targets_of_the_readme(target: str) -> None:
    result = subprocess.run(["make", "--dry-run", target], cwd=PROJECT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_bi_address_of_the_readme(published: ModuleType) -> None:
    address = CliRunner().invoke(cli, ["bi-url"], catch_exceptions=False).output.strip()
    with published.connect() as connection:
        connection.execute("update ops.releases set published_at = '2021-01-10'")
    with psycopg.connect(address, autocommit=True) as reader:
        for setting in SETTINGS:
            reader.execute(f"set {setting}".encode())
            assert reader.execute("select release_id from marts.about_release").fetchone() == (1,)
            reader.execute("reset all")
