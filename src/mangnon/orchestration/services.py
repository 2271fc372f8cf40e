"""Starts and stops Airflow for this checkout, without root and without leaving a process behind.

Everything that it needs is under `<home>/airflow`, which only its owner can enter: airflow.cfg, the password of the
one user, logs. Its metadata database is on the warehouse's server.
If MANGNON_AIRFLOW_URL is set, Airflow runs in containers of its own, and this module neither starts nor stops it.
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
    # There is no triggerer, since no task of ours is deferrable. The scheduler's log server is off, since it would
    # listen on every interface, on a fixed port.
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "api-server": ["api-server"],
}
# Of Airflow's variables, those that are for us: the connections of our stores, and where else connections may lie.
OURS = ("AIRFLOW_CONN_MANGNON_", "AIRFLOW__SECRETS__")
# `down` finds every process of ours by this variable, which children inherit.
MARKER = "MANGNON_SERVICES"
# The name of Airflow's metadata database on the warehouse's server.
METADATA = "airflow"
# The DAG of the night, and the one that notices a missing night. Only these two follow the nightly schedule; all others
# start from assets or do no harm, so they are never paused.
NIGHTLY = "collect_submissions"
DEADLINE = "check_deadline"
METADATA_VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
SECONDS_TO_START = 180
SECONDS_TO_END = 15


def up(nightly: bool) -> None:
    """Starts Airflow unless it runs, waits until it is healthy, and switches the nightly schedule on or off.

    Raises ServiceError when Airflow does not become healthy, with the end of the log of a component that ended.
    """
    if is_up():
        progress.info(f"Airflow: already runs at {address()}")
    elif settings().airflow_url:
        raise ServiceError(f"Airflow at {address()} is not healthy: start its containers")
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
    """Ends every process of this checkout's Airflow, including running tasks."""
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
    # A component leads its session; children that outlived a killed component do not.
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
    """Returns our environment, without the variables of another Airflow and with those that a component needs."""
    kept = {
        name: value for name, value in os.environ.items() if name.startswith(OURS) or not name.startswith("AIRFLOW")
    }
    return kept | {
        "AIRFLOW_HOME": str(folder()),
        "MANGNON_HOME": str(settings().home),
        # Great Expectations asks as soon as it is imported.
        "GX_ANALYTICS_ENABLED": "false",
        MARKER: f"{folder()}:{component}",
        # Without this, a process that sets its title overwrites the memory in which psutil reads the marker.
        "SPT_NOENV": "1",
        # Tasks talk to the API server, which no proxy can reach.
        "no_proxy": ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1"])),
    }


def command_environment(name: str) -> dict[str, str] | None:
    """Returns the environment in which a command of Airflow's reaches its database; None if none is set up here."""
    if METADATA_VARIABLE in os.environ and settings().airflow_url:  # in a container
        return dict(os.environ)
    return environment(name) if (folder() / "airflow.cfg").exists() else None


def _processes() -> Iterator[tuple[psutil.Process, str]]:
    """Yields the living processes of this checkout's Airflow, each with the name of its component."""
    for process in psutil.process_iter():
        marker = (_unless_gone(psutil.Process.environ, process) or {}).get(MARKER, "")
        home, _, component = marker.rpartition(":")
        if home == str(folder()) and process.pid != os.getpid():
            yield process, component


def _unless_gone(look: Callable[[Any], Any], process: Any) -> Any:
    """Returns what `look` returns for a process; None if the process has ended or belongs to another user."""
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
    """Returns whether Airflow knows every DAG of the project. Raises ServiceError for a DAG that cannot be read."""
    if errors := ask("GET", "importErrors")["import_errors"]:
        raise ServiceError("\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors))
    known = ask("GET", "dags?limit=1000")["dags"]
    return {dag["dag_id"] for dag in known if not dag["is_stale"]} >= set(_dag_ids())


def _dag_ids() -> list[str]:
    return sorted(path.stem for path in (PROJECT / "dags").glob("*.py"))


def _configure() -> None:
    """Writes airflow.cfg, so that Airflow's own command line needs AIRFLOW_HOME and nothing else."""
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
            # A killed task is tried again after a minute; Airflow's default is five.
            "scheduler": {
                "task_instance_heartbeat_timeout": 60,
                # Tasks are forked from a process that has imported what they need.
                "mp_start_method": "forkserver",
                "mp_forkserver_preload": "mangnon.orchestration.preloaded",
            },
            # The DAGs change only with the version, so parsing them seldom is enough.
            "dag_processor": {"min_file_process_interval": 300},
            # A supervisor that has just missed the end of its task looks again after so many seconds.
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
    """Creates or upgrades the metadata database, unless this version of Airflow has already done so."""
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
        progress.info("Airflow: creating or upgrading its metadata database")
        if not found:
            connection.execute(sql.SQL("create database {}").format(name))
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        with log_file("migrate").open("wb") as log:
            failed = subprocess.call(command, env=environment("migrate"), cwd=folder(), stdout=log, stderr=log)
        if failed:
            raise ServiceError(f"Airflow's metadata database could not be created or upgraded:\n{log_tail('migrate')}")
        connection.execute(sql.SQL("comment on database {} is {}").format(name, sql.Literal(done)))


def _metadata_url() -> sqlalchemy.URL:
    return sqlalchemy.make_url(warehouse.url()).set(database=METADATA)


def _maintenance_url(metadata: sqlalchemy.URL) -> str:
    return metadata.set(database="postgres", drivername="postgresql").render_as_string(hide_password=False)


def _kept() -> dict[str, Any]:
    """Returns the keys and the port, which are made once and then kept."""
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
    """Returns the log file of a component or a command, after making its folder."""
    file = folder() / "logs" / f"{component}.log"
    file.parent.mkdir(exist_ok=True)
    return file


def log_tail(component: str) -> str:
    """Returns the last 30 lines of that log."""
    return "\n".join(log_file(component).read_text(errors="replace").splitlines()[-30:])
