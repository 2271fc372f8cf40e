"""Fixtures of tests that publish often, or kill the server."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from mangnon import warehouse
from mangnon.deployment import deploy
from mangnon.settings import settings
from mangnon.warehouse import dbt, server


@pytest.fixture
def without_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads are made by hand, so nothing is computed for a release."""
    monkeypatch.setattr(dbt, "build_release_tables", lambda _: time.sleep(0.05))


@pytest.fixture
def own_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A warehouse on a server of its own, which may be killed."""
    home = settings().home / f"own-{os.getpid()}"
    monkeypatch.setenv("MANGNON_HOME", str(home))
    monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    for place in ("inbox", "archive", "outbox"):
        monkeypatch.setenv(f"MANGNON_{place.upper()}", str(tmp_path / place))
    try:
        deploy.deploy()
        monkeypatch.setenv("WAREHOUSE_URL", server.url(warehouse.DATABASE))  # so that no client starts it again
        yield warehouse
    finally:
        server.stop()
        shutil.rmtree(server.folder())
        shutil.rmtree(home, ignore_errors=True)
