"""The runbook of more than one machine, command by command: the warehouse moves, is followed, and is taken over."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
import sqlalchemy
from click.testing import CliRunner
from support import databases
from support.processes import postmaster, wait_for
from support.rounds import READ, assert_ledger_is_right, deliver_night, publish_what_waits, seen, whole_number

from mangnon.cli.main import cli
from mangnon.publishing import phases
from mangnon.settings import PROJECT
from mangnon.warehouse import server

RUNBOOK = (PROJECT / "docs" / "runbooks" / "more-than-one-machine.md").read_text(encoding="utf-8")
MOVE, FOLLOW, TAKE_OVER = re.findall(r"^```sh\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL)
OWNER, STANDBY = re.findall(r"^```sql\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder for other servers, which whoever runs them may write."""
    folder = server.folder() / "elsewhere"
    shutil.rmtree(folder, ignore_errors=True)
    _as_server_user("mkdir", str(folder))
    yield folder
    for data in folder.iterdir():
        if (data / "postmaster.pid").exists():
            server.run("pg_ctl", "stop", "--mode=immediate", data=data)
    shutil.rmtree(folder)


@pytest.fixture
def other_server(elsewhere: Path) -> str:
    """A PostgreSQL that somebody else set up, with an owner and a database for the warehouse; their address."""
    data, port = elsewhere / "other", _free_port()
    owner = str(sqlalchemy.make_url(databases.url("postgres")).username)
    server.run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", data=data)
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories="
    server.run("pg_ctl", "start", "--wait", f"--log={data}.log", f"--options={options}", data=data)
    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", autocommit=True) as superuser:
        for statement in OWNER.replace("mangnon", owner).split(";")[:-1]:
            superuser.execute(statement.encode())
    return f"postgresql://{owner}:secret@127.0.0.1:{port}/warehouse"


def test_a_warehouse_moves_to_a_server_where_it_is_no_superuser(
    published: ModuleType,
    other_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_night: Callable[[], int | None],
) -> None:
    asked = ("report", "--year", "2020"), ("explain", "F13", "--year", "2020", "--format", "csv"), ("release", "list")
    before = [_said(*arguments) for arguments in asked]
    password = sqlalchemy.make_url(published.reader_url()).password
    # Stopping is another test's, and this one's server is that of all tests.
    _shell(MOVE.replace(".venv/bin/mangnon down\n", ""), NEW=other_server, DUMP=str(tmp_path / "dump"))

    monkeypatch.setenv("WAREHOUSE_URL", other_server)
    assert [_said(*arguments) for arguments in asked] == before
    assert sqlalchemy.make_url(published.reader_url()).password == password
    with psycopg.connect(published.reader_url(), autocommit=True) as reader:
        reader.execute("set mangnon.release = '1'")
        assert reader.execute("select release_id from marts.about_release").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select * from core.fct_events")
    (tmp_path / "inbox").mkdir(exist_ok=True)
    assert run_night() is None


def test_a_server_is_proved_and_left_as_it_was(other_server: str, request: pytest.FixtureRequest) -> None:
    superuser = "postgresql://postgres" + other_server[other_server.index("@") :]
    before = _everything_of(superuser)
    proved = _prove(other_server, request)
    assert proved.returncode == 0, proved.stdout
    assert " passed" in proved.stdout
    assert _everything_of(superuser) == before

    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("create role bi_reader login")
    refused = _prove(other_server, request)
    assert refused.returncode == 2
    assert "a warehouse is deployed on this server (it has the role bi_reader)" in refused.stdout


@pytest.mark.usefixtures("without_dbt")
def test_a_standby_answers_readers_and_takes_over(
    own_warehouse: ModuleType,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _publish(1)
    with psycopg.connect(own_warehouse.url(), autocommit=True) as superuser:
        superuser.execute(STANDBY.encode())
    primary = sqlalchemy.make_url(own_warehouse.url()).set(username="standby", password="…", database="")
    port = _free_port()
    there = {"DATA": str(elsewhere / "standby"), "PGPORT": str(port)}
    _shell(FOLLOW, **there, PRIMARY=primary.render_as_string(hide_password=False))

    reading = sqlalchemy.make_url(own_warehouse.reader_url()).set(port=port).render_as_string(hide_password=False)
    with psycopg.connect(reading, autocommit=True) as reader:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select * from core.fct_events")
        with _Reader(reading) as following:
            for number in range(2, 22):
                _publish(number)
            wait_for(lambda: following.numbers[-1] == 21 or following.errors, seconds=60)
        assert following.errors == []
        assert following.numbers == sorted(following.numbers)
        assert len(set(following.numbers)) > 5
        reader.execute("set mangnon.release = '3'")
        assert whole_number(reader.execute(READ).fetchall()) == 3

    following_address = sqlalchemy.make_url(own_warehouse.url()).set(port=port).render_as_string(hide_password=False)
    with monkeypatch.context() as mistaken:
        mistaken.setenv("WAREHOUSE_URL", following_address)
        assert "to do    database    is a standby" in CliRunner().invoke(cli, ["doctor"]).output

    # Lost in the middle of a night: a candidate is built, and nobody has seen it.
    deliver_night(22)
    phases.build_candidate(phases.waiting_batches())
    with own_warehouse.connect() as connection:
        _wait_until_followed(connection)
    os.kill(postmaster(), signal.SIGKILL)
    _shell(TAKE_OVER, **there)
    monkeypatch.setenv("WAREHOUSE_URL", following_address)
    assert seen(own_warehouse) == 21
    publish_what_waits()
    assert seen(own_warehouse) == 22
    assert_ledger_is_right(own_warehouse)
    assert _said("release", "list").count("\n") > 20


class _Reader(threading.Thread):
    """Reads again and again; the numbers of the releases that it saw whole."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.numbers, self.errors, self._done = address, [0], [], threading.Event()

    def __enter__(self) -> "_Reader":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        try:
            with psycopg.connect(self.address, autocommit=True) as reader:
                while not self._done.is_set():
                    self.numbers.append(whole_number(reader.execute(READ).fetchall()))
        except Exception as error:
            self.errors.append(error)


def _prove(address: str, request: pytest.FixtureRequest) -> subprocess.CompletedProcess[str]:
    """What `make test-warehouse` does, with the tests of one file."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--warehouse-url",
        address,
        str(request.path.parents[1] / "deployment" / "test_roles.py"),
    ]
    environment = os.environ | {"PYTEST_XDIST_WORKER": "proving"}  # a home of its own
    return subprocess.run(
        command, cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _everything_of(superuser: str) -> tuple[list[tuple[str]], list[tuple[str]]]:
    with psycopg.connect(superuser) as connection:
        return (
            connection.execute("select datname from pg_database order by datname").fetchall(),
            connection.execute("select rolname from pg_roles order by rolname").fetchall(),
        )


def _publish(number: int) -> None:
    deliver_night(number)
    publish_what_waits()


def _wait_until_followed(connection: psycopg.Connection) -> None:
    def followed() -> bool:
        row = connection.execute("select replay_lsn >= pg_current_wal_lsn() from pg_stat_replication").fetchone()
        return row == (True,)

    wait_for(followed, seconds=60)


def _shell(commands: str, **environment: str) -> None:
    """Runs commands of the runbook in the checkout: those of PostgreSQL as the user that it runs as."""
    is_ours = ".venv/bin/mangnon" in commands
    programs = str(Path(server.program("pg_ctl")).parent)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=PROJECT if is_ours else server.folder(),
        env=os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"} | environment,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **({} if is_ours else server.as_server_user()),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def _as_server_user(*command: str) -> None:
    subprocess.run(command, check=True, **server.as_server_user())


def _said(*arguments: str) -> str:
    outcome = CliRunner().invoke(cli, arguments)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
