"""Fixtures for the models of dbt."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from mangnon.settings import PROJECT


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `dbt parse` says of the project."""
    folder = tmp_path_factory.mktemp("dbt")
    nowhere = {f"MANGNON_DB_{name}": "0" for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    parse = [
        sys.executable,
        "-m",
        "dbt.cli.main",
        "--warn-error",
        "parse",
        "--target-path",
        folder,
        "--log-path",
        folder,
    ]
    subprocess.run(parse, cwd=PROJECT / "dbt_project", env=os.environ | nowhere, check=True, stdout=subprocess.DEVNULL)
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return content
