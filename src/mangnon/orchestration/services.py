"""Airflow for this checkout: started and ended, without root and without leaving a process behind.

Everything that it needs lies under `<home>/airflow`, which only its owner can enter: airflow.cfg, the password of the
one user, logs. Its metadata are a database of their own on the warehouse's server.
On servers, where MANGNON_AIRFLOW_URL says that Airflow runs in containers of its own, it is asked and nothing else.
"""

import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from configparser import RawConfigParser
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import psycopg
import sqlalchemy
from cryptography.fernet import Fernet
from psycopg import sql

from mangnon import warehouse
from mangnon.orchestration.api import USER, ServiceError, address, ask, folder, kept_file, password_file, pause, wait
from mangnon.orchestration.config import airflow_config
from mangnon.settings import PROJECT, settings, write_secret

progress = logging.getLogger("mangnon.progress")

COMPONENTS = {
    # Nothing of ours is deferrable, so no triggerer. The log server would listen on every interface, on a fixed port.
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "api-server": ["api-server"],
}
# Every process of ours carries this variable, and so do its children: that is how `down` finds them all.
MARKER = "MANGNON_SERVICES"
# Airflow's database on the server of the warehouse.
METADATA = "airflow"
# The DAG of the night, and the one that misses it. The others follow from assets or do no harm, and always may.
NIGHTLY = "collect_submissions"
DEADLINE = "check_deadline"
SECONDS_TO_START = 180
SECONDS_TO_END = 15


def up(nightly: bool) -> None:
    """Starts Airflow unless it runs, waits until it is healthy, and switches the nightly schedule on or off.

    Raises ServiceError, with the end of the log, when it does not become healthy.
    """
    if is_up():
        progress.info(f"Airflow: runs already, at {address()}")
    elif settings().airflow_url:
        raise ServiceError(f"Airflow at {address()} is not healthy: it is for its containers to start it, not for us")
    else:
        down()
        _configure()
        _migrate()
        _start()
    for dag_id in _dag_ids():
        pause(dag_id, dag_id in (NIGHTLY, DEADLINE) and not nightly)
    if nightly:
        progress.info(f"Airflow: the user is {USER}, the password is in {password_file()}")


def down() -> None:
    """Ends every process of this checkout's Airflow, tasks too."""
    ended: set[int] = set()
    while processes := [process for process, _ in _processes()]:
        ended |= {process.pid for process in processes}
        for act in (psutil.Process.terminate, psutil.Process.kill):
            for process in processes:
                _unless_gone(act, process)
            _, processes = psutil.wait_procs(processes, timeout=SECONDS_TO_END)
    if ended:
        progress.info(f"Airflow: stopped, {len(ended)} processes ended")


def is_up() -> bool:
    """Whether every component of Airflow runs and is healthy."""
    if settings().airflow_url:
        return _is_healthy()
    # A component leads its session; what is left of a killed one does not.
    leading = {component for process, component in _processes() if _unless_gone(os.getsid, process.pid) == process.pid}
    return leading >= set(COMPONENTS) and _is_healthy()


def _start() -> None:
    started = time.monotonic()
    progress.info("Airflow: starting the scheduler, the DAG processor and the API server")
    processes = {component: _launch(component) for component in COMPONENTS}

    def healthy() -> bool:
        for component, process in processes.items():
            if process.poll() is not None:
                raise ServiceError(f"Airflow's {component} ended at once:\n{log_tail(component)}")
        return _is_healthy() and _dags_are_read()

    try:
        wait(healthy, SECONDS_TO_START, f"Airflow to become healthy; its logs are in {folder() / 'logs'}")
    except ServiceError:
        down()
        raise
    progress.info(f"Airflow: healthy after {time.monotonic() - started:.0f} s, at {address()}")


def _launch(component: str) -> subprocess.Popen[bytes]:
    with log_file(component).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", *COMPONENTS[component]],
            env=environment(component), cwd=folder(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip


def environment(component: str) -> dict[str, str]:
    """Our own environment, less what would configure another Airflow, plus what ours needs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return kept | {
        "AIRFLOW_HOME": str(folder()),
        "MANGNON_HOME": str(settings().home),
        MARKER: f"{folder()}:{component}",
        # Processes that give themselves a title would overwrite the marker where psutil reads it.
        "SPT_NOENV": "1",
        # Tasks talk to the API server, which no proxy can reach.
        "no_proxy": ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1"])),
    }


def _processes() -> Iterator[tuple[psutil.Process, str]]:
    """The living processes of this checkout's Airflow, each with the component that it belongs to."""
    for process in psutil.process_iter():
        marker = (_unless_gone(psutil.Process.environ, process) or {}).get(MARKER, "")
        home, _, component = marker.rpartition(":")
        if home == str(folder()) and process.pid != os.getpid():
            yield process, component


def _unless_gone(look: Callable[[Any], Any], process: Any) -> Any:
    """What `look` says of a process; None when it has ended or belongs to somebody else."""
    try:
        return look(process)
    except (psutil.Error, OSError):
        return None


def _is_healthy() -> bool:
    try:
        health = ask("GET", "monitor/health")
    except ServiceError:
        return False
    return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))


def _dags_are_read() -> bool:
    """Whether Airflow knows every DAG of the project; raises ServiceError for one that cannot be read."""
    if errors := ask("GET", "importErrors")["import_errors"]:
        raise ServiceError("\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors))
    known = ask("GET", "dags?limit=1000")["dags"]
    return {dag["dag_id"] for dag in known if not dag["is_stale"]} >= set(_dag_ids())


def _dag_ids() -> list[str]:
    return sorted(path.stem for path in (PROJECT / "dags").glob("*.py"))


def _configure() -> None:
    """Writes airflow.cfg, so that Airflow's own command line works with AIRFLOW_HOME alone."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = _kept()
    if not _is_free(kept["port"]):
        kept |= {"port": _free_port()}
        write_secret(kept_file(), json.dumps(kept))
    metadata = _metadata_url().set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    config = RawConfigParser()
    config.read_dict(
        {
            "core": {
                "dags_folder": PROJECT / "dags",
                "executor": "LocalExecutor",
                "parallelism": max(2, min(4, os.cpu_count() or 2)),
                "load_examples": False,
                "fernet_key": kept["fernet_key"],
                "execution_api_server_url": f"{address()}/execution/",
                "simple_auth_manager_users": f"{USER}:admin",
                "simple_auth_manager_passwords_file": password_file(),
            },
            "database": {"sql_alchemy_conn": metadata, "sql_alchemy_conn_async": metadata},
            "api": {
                "instance_name": "Măng Non",
                "host": "127.0.0.1",
                "port": kept["port"],
                "base_url": address(),
                "secret_key": kept["secret_key"],
            },
            "api_auth": {"jwt_secret": kept["jwt_secret"]},
            "logging": {"base_log_folder": folder() / "logs"},
            # A task that was killed is tried again after a minute, not after five.
            "scheduler": {"task_instance_heartbeat_timeout": 60},
            # A supervisor that just missed the end of its task looks again after so many seconds.
            "workers": {"min_heartbeat_interval": 1},
        }
    )
    config.read_dict(airflow_config())
    text = StringIO()
    config.write(text)
    write_secret(folder() / "airflow.cfg", text.getvalue().replace("%", "%%"))
    if not password_file().exists():
        write_secret(password_file(), json.dumps({USER: secrets.token_urlsafe(12)}))


def _migrate() -> None:
    """Makes or upgrades the metadata database, unless this version of Airflow has done so before."""
    metadata = _metadata_url()
    done = f"Airflow {version('apache-airflow')}"
    name = sql.Identifier(metadata.database or "")
    with psycopg.connect(_maintenance_url(metadata), autocommit=True) as connection:
        found = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = %s", [metadata.database]
        ).fetchone()
        if found == (done,):
            progress.info("Airflow: its metadata database is up to date, skipped")
            return
        progress.info("Airflow: making or upgrading its metadata database")
        if not found:
            connection.execute(sql.SQL("create database {}").format(name))
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        with log_file("migrate").open("wb") as log:
            failed = subprocess.call(command, env=environment("migrate"), cwd=folder(), stdout=log, stderr=log)
        if failed:
            raise ServiceError(f"Airflow's database could not be made:\n{log_tail('migrate')}")
        connection.execute(sql.SQL("comment on database {} is {}").format(name, sql.Literal(done)))


def _metadata_url() -> sqlalchemy.URL:
    return sqlalchemy.make_url(warehouse.url()).set(database=METADATA)


def _maintenance_url(metadata: sqlalchemy.URL) -> str:
    return metadata.set(database="postgres", drivername="postgresql").render_as_string(hide_password=False)


def _kept() -> dict[str, Any]:
    """What is made once and kept: the keys, and the port."""
    if not kept_file().exists():
        keys = {name: secrets.token_urlsafe(32) for name in ("secret_key", "jwt_secret")}
        kept = keys | {"fernet_key": Fernet.generate_key().decode(), "port": _free_port()}
        write_secret(kept_file(), json.dumps(kept))
    return dict(json.loads(kept_file().read_text()))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def log_file(component: str) -> Path:
    """The log of a component, or of a command."""
    file = folder() / "logs" / f"{component}.log"
    file.parent.mkdir(exist_ok=True)
    return file


def log_tail(component: str) -> str:
    """The end of that log."""
    return "\n".join(log_file(component).read_text(errors="replace").splitlines()[-30:])
