"""Fixtures that several subjects share."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support import remote
from support.airflow import running_airflow

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


@pytest.fixture
def airflow(warehouse: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """An Airflow of its own on the empty warehouse."""
    with running_airflow(monkeypatch) as running:
        yield running


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Configures mail: the address of the server, and lines of the list of addresses."""

    def set_up(url: str, *addresses: str) -> None:
        file = tmp_path / "addresses.csv"
        file.write_text("reporter_code,address\n" + "\n".join(addresses), encoding="utf-8")
        monkeypatch.setenv("MANGNON_SMTP_URL", url)
        monkeypatch.setenv("MANGNON_MAIL_FROM", "Sở LĐ-TB&XH <bao.cao@example.org>")
        monkeypatch.setenv("MANGNON_MAIL_ADDRESSES", str(file))

    return set_up


@pytest.fixture(scope="session")
def s3() -> Iterator[remote.S3Server]:
    """A server of S3."""
    with remote.s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def sftp() -> Iterator[remote.SftpServer]:
    """A server of SFTP."""
    with remote.sftp_server() as server:
        yield server
