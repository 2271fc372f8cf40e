"""Airflow for this checkout: started, asked and ended, without root and without leaving a process behind.

Everything that it needs lies under `<home>/airflow`, which only its owner can enter: airflow.cfg, the password of the
one user, logs. Its metadata are a database of their own on the warehouse's server.
On servers, where MANGNON_AIRFLOW_URL says that Airflow runs in containers of its own, it is asked and nothing else.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, urlencode

import click
import fsspec
import psutil
import psycopg
import sqlalchemy
from cryptography.fernet import Fernet
from psycopg import sql

from mangnon import warehouse
from mangnon.problems import Failure
from mangnon.settings import PROJECT, settings, write_secret

COMPONENTS = {
    # Nothing of ours is deferrable, so no triggerer. The log server would listen on every interface, on a fixed port.
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "api-server": ["api-server"],
}
# Every process of ours carries this variable, and so do its children: that is how `down` finds them all.
MARKER = "MANGNON_SERVICES"
USER = "admin"
# The DAG with a clock. The others follow from assets, and always may.
NIGHTLY = "collect_submissions"
PUBLISHING = "publish_marts"
REPROCESSING = "reprocess_periods"
MONTHS_AT_A_TIME = 3
SECONDS_TO_START = 180
SECONDS_TO_END = 15
SECONDS_FOR_A_NIGHT = 3600
SECONDS_FOR_A_BACKFILL = 12 * 3600


class ServiceError(Failure):
    """Airflow could not be started or did not do what it was asked; the message says what was seen."""


def up(nightly: bool) -> None:
    """Starts Airflow unless it runs, waits until it is healthy, and switches the nightly schedule on or off.

    Raises ServiceError, with the end of the log, when it does not become healthy.
    """
    if is_up():
        click.echo(f"Airflow: runs already, at {address()}")
    elif settings().airflow_url:
        raise ServiceError(f"Airflow at {address()} is not healthy: it is for its containers to start it, not for us")
    else:
        down()
        _configure()
        _migrate()
        _start()
    for dag_id in _dag_ids():
        _pause(dag_id, dag_id == NIGHTLY and not nightly)
    if nightly:
        click.echo(f"Airflow: the user is {USER}, the password is in {password_file()}")


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
        click.echo(f"Airflow: stopped, {len(ended)} processes ended")


def is_up() -> bool:
    """Whether every component of Airflow runs and is healthy."""
    if settings().airflow_url:
        return _is_healthy()
    # A component leads its session; what is left of a killed one does not.
    leading = {component for process, component in _processes() if _unless_gone(os.getsid, process.pid) == process.pid}
    return leading >= set(COMPONENTS) and _is_healthy()


def address() -> str:
    """Where the UI and the API answer."""
    return settings().airflow_url or f"http://127.0.0.1:{_kept()['port']}"


def password_file() -> Path:
    """The file with the password of the user `admin`."""
    return _folder() / "passwords.json"


def run_first_night() -> None:
    """The two years of the sample through Airflow, and the report of 2020; what is there already is not done again."""
    from mangnon import deploy, report

    click.echo("Warehouse: making or upgrading its tables, roles and models")
    deploy.deploy()
    _deliver_sample()
    run_night()
    with warehouse.connect("auditor") as connection:
        click.echo(f"\n{report.as_text(connection, report.figures(connection, 2020))}")
    if not settings().airflow_url:
        click.echo(
            "PostgreSQL stays up. To go on:\n"
            "  make up      Airflow with its UI, and every night at 01:30 what lies in the inbox\n"
            "  make down    stops everything\n"
            "  make status  who has sent what; make help shows the rest"
        )


def _deliver_sample() -> None:
    from mangnon.sample import write_sample

    files, inbox = fsspec.url_to_fs(settings().inbox)
    target = f"{inbox}/sample"
    if files.exists(target):
        click.echo("Sample: lies in the inbox already, skipped")
        return
    click.echo("Sample: writing synthetic submissions of 2019 and 2020 into the inbox")
    with TemporaryDirectory(prefix="mangnon-") as folder:
        count = write_sample(Path(folder) / "sample")
        files.put(f"{folder}/sample/", f"{target}.part/", recursive=True)
    files.mv(f"{target}.part", target, recursive=True)  # only now complete, should it be killed
    click.echo(f"Sample: {count} files")


def run_night() -> None:
    """Takes through Airflow what lies in the inbox, until it is published; starts Airflow for it unless it is up.

    Raises ServiceError when the night failed.
    """
    with at_work(NIGHTLY):
        collecting = trigger(NIGHTLY)
        states = [wait_for(NIGHTLY, collecting)]
        if publishing := _publishing_after(source_dag_id=NIGHTLY, source_run_id=collecting):
            states.append(wait_for(PUBLISHING, publishing))
        else:
            click.echo("  nothing more to load or to publish")
        _wait_until_idle()
    if set(states) != {"success"}:
        raise ServiceError(f"the night did not go through; the logs of its tasks are in {_folder() / 'logs'}")


@contextmanager
def at_work(dag_id: str) -> Iterator[None]:
    """Airflow is up and the DAG not paused; afterwards both are as they were before."""
    was_up = is_up()
    if not was_up:
        up(nightly=False)
    was_paused = ask("GET", f"dags/{dag_id}")["is_paused"]
    try:
        _pause(dag_id, False)
        yield
    finally:
        try:
            _pause(dag_id, was_paused)
        finally:
            if not was_up:
                down()


def wait_for_backfills() -> None:
    """Waits until Airflow has completed every backfill: there can be one at a time, and half a minute goes by until
    Airflow notices that the runs of one have ended. One that was cut off goes on by itself.
    """

    def open_ones() -> list[int]:
        known = ask("GET", f"backfills?dag_id={REPROCESSING}&order_by=-id")["backfills"]
        return [backfill["id"] for backfill in known if not backfill["completed_at"]]

    if open_ones():
        click.echo("Airflow: an earlier backfill is not completed yet, waiting for it")
        _wait(lambda: not open_ones(), SECONDS_FOR_A_BACKFILL, "the earlier backfill to be completed")


def reprocess(first: date, last: date, conf: dict[str, Any]) -> None:
    """Creates a backfill over these months, as `airflow backfill create` does, and waits until their runs ended, well
    or not.
    """
    since = datetime.now(UTC)
    click.echo(f"Airflow: backfill of {first:%Y-%m} to {last:%Y-%m}, {MONTHS_AT_A_TIME} months at a time")
    ask(
        "POST", "backfills",
        {
            "dag_id": REPROCESSING,
            "from_date": f"{first}T00:00:00+00:00",
            "to_date": f"{last}T00:00:00+00:00",
            # Also the months that an earlier backfill has done: without it Airflow would do nothing, and say nothing.
            "reprocess_behavior": "completed",
            "max_active_runs": MONTHS_AT_A_TIME,
            "dag_run_conf": conf,
        },
    )  # fmt: skip
    told: set[str] = set()

    def ended() -> bool:
        are_left = ask("GET", f"dags/{REPROCESSING}/dagRuns?state=queued&state=running&limit=1")["total_entries"]
        query = urlencode({"run_type": "backfill", "end_date_gte": since.isoformat(), "order_by": "-end_date"})
        for run in ask("GET", f"dags/{REPROCESSING}/dagRuns?{query}&state=success&state=failed")["dag_runs"]:
            if run["dag_run_id"] not in told:
                click.echo(f"  {REPROCESSING}: {run['logical_date'][:7]}: {run['state']}, {run['duration'] or 0:.1f} s")
                told.add(run["dag_run_id"])
        return not are_left

    _wait(ended, SECONDS_FOR_A_BACKFILL, f"the months to end; see {address()}/dags/{REPROCESSING}")


def publish_what_closed(dag_id: str, since: datetime) -> None:
    """Waits for the publishing that runs of this DAG brought about since then, or starts it when none did.

    Raises ServiceError when it failed.
    """
    caused = _publishing_after(source_dag_id=dag_id, timestamp_gte=since.isoformat())
    state = wait_for(PUBLISHING, caused or trigger(PUBLISHING))
    _wait_until_idle()
    if state != "success":
        raise ServiceError(
            "nothing was published: `mangnon status` says why; the next publishing takes the loads along"
        )


def trigger(dag_id: str) -> str:
    """Starts a run of a DAG, as a user would; returns its run id."""
    return str(ask("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"])


def wait_for(dag_id: str, run_id: str) -> str:
    """Waits until a run ended, telling meanwhile what its tasks did; returns `success` or `failed`."""
    told: set[str] = set()

    def ended() -> str | None:
        run = ask("GET", f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")
        for line in _task_lines(dag_id, run_id):
            if line not in told:
                click.echo(line)
                told.add(line)
        return run["state"] if run["end_date"] else None

    return str(_wait(ended, SECONDS_FOR_A_NIGHT, f"{dag_id} to end; see {address()}/dags/{dag_id}"))


def _task_lines(dag_id: str, run_id: str) -> Iterator[str]:
    path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances?order_by=end_date&limit=1000"
    for task in ask("GET", path)["task_instances"]:
        if task["state"] in ("success", "failed", "upstream_failed"):
            name = " ".join(filter(None, [task["task_id"], task["rendered_map_index"]]))
            yield f"  {dag_id}: {name}: {task['state']}, {task['duration'] or 0:.1f} s"


def _publishing_after(**source: str) -> str | None:
    """The run that publishes what the runs of that source closed; None when they closed nothing."""

    def caused() -> list[dict[str, str]] | None:
        events = ask("GET", f"assets/events?{urlencode(source)}")["asset_events"]
        return events[0]["created_dagruns"] or None if events else [{"run_id": ""}]

    runs = _wait(caused, SECONDS_FOR_A_NIGHT, f"{PUBLISHING} to start")
    return runs[0]["run_id"] or None


def _wait_until_idle() -> None:
    # A night that was missed while Airflow was down comes of itself, beside the one that was asked for.
    active = "dags/~/dagRuns?state=queued&state=running"
    _wait(lambda: ask("GET", active)["total_entries"] == 0, SECONDS_FOR_A_NIGHT, "all runs to end")


def _wait(look: Callable[[], Any], seconds: float, what: str) -> Any:
    """Looks every half second until there is something; returns it, or raises ServiceError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.5)
    raise ServiceError(f"waited {seconds:.0f} s in vain for {what}")


def _start() -> None:
    started = time.monotonic()
    click.echo("Airflow: starting the scheduler, the DAG processor and the API server")
    processes = {component: _launch(component) for component in COMPONENTS}

    def healthy() -> bool:
        for component, process in processes.items():
            if process.poll() is not None:
                raise ServiceError(f"Airflow's {component} ended at once:\n{_log_tail(component)}")
        return _is_healthy() and _dags_are_read()

    try:
        _wait(healthy, SECONDS_TO_START, f"Airflow to become healthy; its logs are in {_folder() / 'logs'}")
    except ServiceError:
        down()
        raise
    click.echo(f"Airflow: healthy after {time.monotonic() - started:.0f} s, at {address()}")


def _launch(component: str) -> subprocess.Popen[bytes]:
    with _log_file(component).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", *COMPONENTS[component]],
            env=_environment(component), cwd=_folder(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip


def _environment(component: str) -> dict[str, str]:
    """Our own environment, less what would configure another Airflow, plus what ours needs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return kept | {
        "AIRFLOW_HOME": str(_folder()),
        "MANGNON_HOME": str(settings().home),
        MARKER: f"{_folder()}:{component}",
        # Processes that give themselves a title would overwrite the marker where psutil reads it.
        "SPT_NOENV": "1",
        # Tasks talk to the API server, which no proxy can reach.
        "no_proxy": ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1"])),
    }


def _processes() -> Iterator[tuple[psutil.Process, str]]:
    """The living processes of this checkout's Airflow, each with the component that it belongs to."""
    for process in psutil.process_iter():
        marker = (_unless_gone(psutil.Process.environ, process) or {}).get(MARKER, "")
        folder, _, component = marker.rpartition(":")
        if folder == str(_folder()) and process.pid != os.getpid():
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


def _pause(dag_id: str, is_paused: bool) -> None:
    ask("PATCH", f"dags/{dag_id}", {"is_paused": is_paused})


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One call of Airflow's REST API; raises ServiceError with its answer when it refuses."""
    return _call(method, f"{address()}/api/v2/{path}", body, {"Authorization": f"Bearer {_token(address())}"})


@cache
def _token(address: str) -> str:
    password = json.loads(password_file().read_text())[USER]
    return str(_call("POST", f"{address}/auth/token", {"username": USER, "password": password}, {})["access_token"])


def _call(method: str, url: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(
        url, method=method, data=None if body is None else json.dumps(body).encode(),
        headers=headers | {"Content-Type": "application/json"},
    )  # fmt: skip
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise ServiceError(f"Airflow refused {method} {url}: {error} {error.read().decode()}") from error
    except (OSError, ValueError) as error:
        raise ServiceError(f"Airflow does not answer at {url}: {error}") from error


def _configure() -> None:
    """Writes airflow.cfg, so that Airflow's own command line works with AIRFLOW_HOME alone."""
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = _kept()
    if not _is_free(kept["port"]):
        kept |= {"port": _free_port()}
        write_secret(_kept_file(), json.dumps(kept))
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
            "logging": {"base_log_folder": _folder() / "logs"},
            # A task that was killed is tried again after a minute, not after five.
            "scheduler": {"task_instance_heartbeat_timeout": 60},
            # A supervisor that just missed the end of its task looks again after so many seconds.
            "workers": {"min_heartbeat_interval": 1},
        }
    )
    text = StringIO()
    config.write(text)
    write_secret(_folder() / "airflow.cfg", text.getvalue().replace("%", "%%"))
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
            click.echo("Airflow: its metadata database is up to date, skipped")
            return
        click.echo("Airflow: making or upgrading its metadata database")
        if not found:
            connection.execute(sql.SQL("create database {}").format(name))
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        with _log_file("migrate").open("wb") as log:
            failed = subprocess.call(command, env=_environment("migrate"), cwd=_folder(), stdout=log, stderr=log)
        if failed:
            raise ServiceError(f"Airflow's database could not be made:\n{_log_tail('migrate')}")
        connection.execute(sql.SQL("comment on database {} is {}").format(name, sql.Literal(done)))


def _metadata_url() -> sqlalchemy.URL:
    return sqlalchemy.make_url(warehouse.url()).set(database=os.environ.get("MANGNON_AIRFLOW_DATABASE") or "airflow")


def _maintenance_url(metadata: sqlalchemy.URL) -> str:
    return metadata.set(database="postgres", drivername="postgresql").render_as_string(hide_password=False)


def _kept() -> dict[str, Any]:
    """What is made once and kept: the keys, and the port."""
    if not _kept_file().exists():
        keys = {name: secrets.token_urlsafe(32) for name in ("secret_key", "jwt_secret")}
        kept = keys | {"fernet_key": Fernet.generate_key().decode(), "port": _free_port()}
        write_secret(_kept_file(), json.dumps(kept))
    return dict(json.loads(_kept_file().read_text()))


def _kept_file() -> Path:
    return _folder() / "kept.json"


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


def _folder() -> Path:
    return settings().home / "airflow"


def _log_file(component: str) -> Path:
    file = _folder() / "logs" / f"{component}.log"
    file.parent.mkdir(exist_ok=True)
    return file


def _log_tail(component: str) -> str:
    return "\n".join(_log_file(component).read_text(errors="replace").splitlines()[-30:])
