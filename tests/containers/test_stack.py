"""The containers of docker/ for real: built, started, a night, stopped, started again, as root on Debian.

`make test-containers`. The images that cannot be pulled are made by prepare.sh. The tests go on from one another, in
their order; each says what it measured.
"""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pandas
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.orchestration import api, runs
from mangnon.sample import write_sample
from mangnon.sample.submissions import PROVINCE, submissions

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
WORK = PROJECT / ".mangnon-test" / "containers"
BACK_UP, MOVE = (
    PROJECT / "docs" / "runbooks" / f"{name}.md" for name in ("back-up-and-restore", "more-than-one-machine")
)
PUBLISHED = HERE.parent / "fixtures" / "figures_2020.csv"
NAME = "mangnon_test"
SECONDS_TO_BE_HEALTHY = 300
DATABASES = {"warehouse", "metadata"}
METADATA = "postgresql://airflow@metadata/airflow"
SMALL = DATABASES | {"api-server", "scheduler", "dag-processor", "metrics"}
REPORTERS = {submission.reporter for submission in submissions() if submission.period.year == 2020}
SENT = 13 * len(REPORTERS)
# Of 13 months each. Two months of 2021 are left out: gate 2 would compare the whole year with 2020, and rightly object.
SPANS = [(date(2021 + n, 3 + n, 1), date(2022 + n, 3 + n, 1)) for n in range(4)]
LARGE = SMALL | {"triggerer", "broker", "worker"}

ENVIRONMENT = os.environ | {
    "CONTAINERS_STORAGE_CONF": str(WORK / "storage.conf"),
    "CONTAINERS_CONF": str(WORK / "containers.conf"),
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    # podman would have systemd's timers ask for the health; here the tests ask.
    "DISABLE_HC_SYSTEMD": "true",
}


def run(*command: str | Path) -> str:
    """What the command says on its standard output; fails with all that it said."""
    result = subprocess.run(command, env=ENVIRONMENT, cwd=PROJECT, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}:\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
    return result.stdout


def podman(*arguments: str | Path) -> str:
    return run("podman", *arguments)


def compose(*arguments: str, small: bool = False) -> str:
    files = ["docker/compose.yml", "docker/compose.small.yml"][: 1 + small]
    chosen = [part for file in files for part in ("--file", file)]
    return run("podman-compose", "--project-name", NAME, "--env-file", str(WORK / "env"), *chosen, *arguments)


def within(service: str, *command: str) -> str:
    """What a command says in the container of a service."""
    return podman("exec", f"{NAME}_{service}_1", *command).strip()


def measured(what: str, since: float) -> None:
    print(f"\n  {what}: {time.monotonic() - since:.0f} s", end="", flush=True)


@pytest.fixture(scope="module")
def image() -> str:
    """The built image; the number of its user, its version and its commit are told to the build."""
    began = time.monotonic()
    run(HERE / "prepare.sh", WORK, Path(sys.executable).parents[1])
    measured("the images that cannot be pulled, made", began)
    began = time.monotonic()
    commit = run("git", "rev-parse", "HEAD").strip()
    podman(
        "build", "--isolation=chroot", "--network=host", "--build-arg", f"COMMIT={commit}",
        "--volume", f"{WORK}/build:/run/build:ro", "--volume", f"{WORK}/build/pip.conf:/etc/pip.conf:ro",
        "--file", "docker/Dockerfile", "--tag", "mangnon:0.1.0", ".",
    )  # fmt: skip
    measured("the image of the project, built", began)
    return "mangnon:0.1.0"


@pytest.fixture(scope="module")
def ports(image: str) -> Iterator[dict[str, int]]:
    """The published ports of a stack that has nothing yet; afterwards nothing of it is left."""
    _remove()
    with ExitStack() as probes:
        free = [probes.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(3)]
    chosen = dict(zip(("AIRFLOW_PORT", "WAREHOUSE_PORT", "METRICS_PORT"), free, strict=True))
    _set(chosen)
    yield chosen
    _remove()


@pytest.fixture
def airflow(ports: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`services` speaks with the stack's Airflow, through the published port and with the generated password."""
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    monkeypatch.setenv("MANGNON_AIRFLOW_URL", f"http://127.0.0.1:{ports['AIRFLOW_PORT']}")
    api.token.cache_clear()  # a restored stack has other keys
    api.password_file().parent.mkdir()
    api.password_file().write_text(within("api-server", "cat", "/var/lib/mangnon/airflow/passwords.json"))


def test_the_image_says_what_it_is_and_holds_no_tools_and_no_root(image: str) -> None:
    labels = json.loads(podman("image", "inspect", image))[0]["Labels"]
    assert labels["org.opencontainers.image.version"] == "0.1.0"
    assert labels["org.opencontainers.image.revision"] == run("git", "rev-parse", "HEAD").strip()
    assert podman("run", "--rm", image, "id", "-u").strip() == "10001"
    found = podman("run", "--rm", image, "sh", "-c", "ls /opt/venv/bin; find / -xdev -writable -type d -user root || :")
    assert not {"pip", "pytest", "ruff", "initdb"} & set(found.split())
    assert "/opt" not in found
    size = int(podman("image", "inspect", "--format", "{{.Size}}", image))
    print(f"\n  the image: {size / 1e6:.0f} MB", end="")


def test_from_nothing_every_container_becomes_healthy(ports: dict[str, int]) -> None:
    _up(LARGE)
    assert len(_containers("worker")) == 2


def test_no_password_stands_where_anybody_can_read_it(ports: dict[str, int]) -> None:
    secrets = [within("scheduler", "cat", f"/var/lib/mangnon/secrets/{name}") for name in DATABASES]
    secrets += json.loads(within("scheduler", "cat", "/var/lib/mangnon/airflow/passwords.json")).values()
    assert all(len(secret) > 12 for secret in secrets)
    told = podman("inspect", *_containers()) + "".join(podman("logs", name) for name in _containers())
    assert not [secret for secret in secrets if secret in told]


def test_the_sample_in_the_inbox_becomes_the_published_figures(airflow: None, tmp_path: Path) -> None:
    write_sample(tmp_path / "sample")
    podman("cp", f"{tmp_path / 'sample'}/.", f"{NAME}_scheduler_1:/var/lib/mangnon/inbox/")
    began = time.monotonic()
    runs.run_night()
    measured("the night of the sample, with two workers", began)
    print("\n" + podman("stats", "--no-stream", "--format", "    {{.Name}} {{.MemUsage}}"), end="")
    assert _figures() == _expected()
    assert _releases() == [1]
    hosts = _answers("select distinct hostname from task_instance where task_id = 'load_reporter'", METADATA)
    assert len(hosts) == 2  # both workers had work


def test_the_clock_is_set(airflow: None) -> None:
    dags = {dag["dag_id"]: dag for dag in api.ask("GET", "dags")["dags"]}
    assert not any(dag["is_paused"] for dag in dags.values())
    assert dags["collect_submissions"]["next_dagrun_run_after"].endswith("18:30:00Z")  # 01:30 in Viet Nam


def test_whatever_is_killed_comes_back(ports: dict[str, int]) -> None:
    for service in sorted(LARGE):
        _kill(service)
    began = time.monotonic()
    _wait_until_healthy(LARGE, began)
    measured("healthy again after kill -9 of every container", began)


def test_a_night_survives_a_worker_the_broker_and_the_scheduler(airflow: None, tmp_path: Path) -> None:
    _send(tmp_path / "sent", *SPANS[0])
    began = time.monotonic()
    with ThreadPoolExecutor() as threads:
        night = threads.submit(runs.run_night)
        for victim, reporters in (("worker", 2), ("broker", 6), ("scheduler", 10)):
            are_read = partial(_are_read, *SPANS[0], 13 * reporters)
            api.wait(are_read, 600, f"{reporters} reporters to be read")
            assert not night.done(), "the night was over before anything was killed"
            _kill(victim)
        night.result()
    measured(f"a night of {SENT} workbooks in which a worker, the broker and the scheduler are killed", began)
    _wait_until_healthy(LARGE, time.monotonic())
    assert _releases() == [1, 2]
    assert _published(*SPANS[0]) == (SENT, SENT)
    assert _answers("select count(distinct delivery_id), count(*) from ops.loads where period > '2020-12-31'") == [
        f"{SENT} {SENT}"
    ]
    assert _figures() == _expected()


@pytest.mark.parametrize(("workers", "span"), zip((1, 2, 4), SPANS[1:], strict=True))
def test_with_so_many_workers(
    airflow: None, ports: dict[str, int], tmp_path: Path, workers: int, span: tuple[date, date]
) -> None:
    _set(ports | {"WORKERS": workers})
    compose("up", "--detach", "--no-recreate")
    for surplus in sorted(_containers("worker"))[workers:]:  # podman-compose starts more, but stops none
        podman("rm", "--force", surplus)
    api.wait(lambda: len(_containers("worker")) == workers and not _unhealthy(LARGE), 300, "the workers")
    _send(tmp_path / "sent", *span)
    began = time.monotonic()
    runs.run_night()
    measured(f"a night of {SENT} workbooks with {workers} workers", began)
    print(_reading(time.monotonic() - began), end="")
    assert _published(*span) == (SENT, SENT)


def test_prometheus_gets_its_metrics_and_the_doctor_finds_nothing_to_do(ports: dict[str, int]) -> None:
    with urlopen(f"http://127.0.0.1:{ports['METRICS_PORT']}/metrics") as answer:
        families = {family.name for family in text_string_to_metric_families(answer.read().decode())}
    assert {"mangnon_deliveries", "mangnon_release_age_seconds"} <= families
    assert "to do" not in within("api-server", "mangnon", "doctor")


def test_bi_sees_the_marts_and_nothing_else(ports: dict[str, int]) -> None:
    with psycopg.connect(_bi_url()) as reader:
        assert (reader.info.host, reader.info.port) == ("127.0.0.1", ports["WAREHOUSE_PORT"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select * from ops.loads")


def test_after_down_and_up_everything_is_still_there(airflow: None, ports: dict[str, int]) -> None:
    before, releases = _kept(), _releases()
    compose("down")
    assert not _containers()
    _up(LARGE)
    assert _kept() == before
    assert _figures() == _expected()
    runs.run_night()  # finds nothing new
    assert _releases() == releases


def test_a_backup_is_restored_into_new_volumes(ports: dict[str, int], tmp_path: Path) -> None:
    back_up, restore = _blocks(BACK_UP)
    before = _deliveries(), _releases(), within("scheduler", "sh", "-c", "cat bi_reader.password")
    began = time.monotonic()
    _run_block(back_up, BACKUP=tmp_path)
    measured("backed up", began)
    compose("down", "--volumes")
    assert not podman("volume", "ls", "--quiet")
    began = time.monotonic()
    _run_block(restore, BACKUP=tmp_path)
    _wait_until_healthy(LARGE, began)
    measured("restored into new volumes, and healthy", began)
    assert before == (_deliveries(), _releases(), within("scheduler", "sh", "-c", "cat bi_reader.password"))
    assert _figures() == _expected()
    assert "the file of delivery" not in within("api-server", "sh", "-c", "mangnon doctor || true")


def test_the_small_profile_takes_it_over(airflow: None, ports: dict[str, int], tmp_path: Path) -> None:
    before = _kept()
    compose("down")
    _up(SMALL, small=True)
    assert _kept() == before
    # A file of which only the name is new is no new delivery; one that nobody can read is, and is refused.
    (tmp_path / "unreadable.xlsx").write_text("no workbook")
    podman("cp", tmp_path / "unreadable.xlsx", f"{NAME}_scheduler_1:/var/lib/mangnon/inbox/193/")
    began = time.monotonic()
    runs.run_night()
    measured("a night with one file, small", began)
    print("\n" + podman("stats", "--no-stream", "--format", "    {{.Name}} {{.MemUsage}}"), end="")
    assert _answers("select count(*) from ops.deliveries where file_name = 'unreadable.xlsx'") == ["1"]
    assert _figures() == _expected()


def test_the_warehouse_moves_to_a_server_of_its_own(airflow: None, ports: dict[str, int], tmp_path: Path) -> None:
    compose("down")
    _up(LARGE)
    before = _kept()
    address = _another_server(tmp_path)
    began = time.monotonic()
    _run_block(_blocks(MOVE)[-1], NEW=f"postgresql://mangnon:secret@{address}/warehouse", DUMP=tmp_path / "dump")
    _wait_until_healthy(LARGE - {"warehouse"}, began)
    measured("moved to another server, and healthy", began)
    assert not _containers("_warehouse_")
    assert _kept() == before
    assert f"@{address}/" in _bi_url()
    assert _figures() == _expected()
    (tmp_path / "unreadable.xlsx").write_text("no workbook either")
    podman("cp", tmp_path / "unreadable.xlsx", f"{NAME}_scheduler_1:/var/lib/mangnon/inbox/193/again.xlsx")
    runs.run_night()
    assert _answers("select count(*) from ops.deliveries where file_name = 'again.xlsx'") == ["1"]


def _another_server(folder: Path) -> str:
    """A PostgreSQL that is no part of the stack, with the owner and the database that the runbook asks for."""
    name = f"{NAME}_elsewhere_1"
    (folder / "password").write_text("secret")
    podman(
        "run", "--detach", "--name", name, "--network", f"{NAME}_default",
        "--volume", f"{folder}/password:/password:ro", "--env", "POSTGRES_PASSWORD_FILE=/password",
        "--env", "POSTGRES_USER=postgres", "--env", "POSTGRES_DB=other",
        "--env", "POSTGRES_INITDB_ARGS=--locale=C.UTF-8", "--health-cmd", "pg_isready --host=127.0.0.1",
        "postgres:18.6", "postgres",
    )  # fmt: skip
    api.wait(lambda: _is_healthy(name), 60, "the other server")
    (wanted,) = re.findall(r"```sql\n(create role mangnon.+?)```", MOVE.read_text(encoding="utf-8"), re.DOTALL)
    for statement in wanted.replace("…", "secret").split(";")[:-1]:
        podman("exec", name, "psql", "--username=postgres", "--host=/tmp", "--command", statement)
    address = podman("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
    return f"{address.strip()}:5432"


def _blocks(runbook: Path) -> list[str]:
    return re.findall(r"```text\n(.+?)```", runbook.read_text(encoding="utf-8"), re.DOTALL)


def _run_block(commands: str, **environment: object) -> None:
    """Does what a runbook says with `docker compose`, with podman; what podman-compose lacks is podman's own `cp`.

    The `.env` of the folder is that of the tests.
    """
    stack = f"podman-compose --project-name {NAME} --env-file {WORK}/env --file {PROJECT}/docker/compose.yml"
    docker = f"""
        docker() {{
            shift
            if [ "$1" = cp ]; then shift; podman cp "${{@/#scheduler:/{NAME}_scheduler_1:}}"; else {stack} "$@"; fi
        }}
        {"; ".join(f"{name}={value}" for name, value in environment.items())}
    """
    run("bash", "-euo", "pipefail", "-c", f"cd {WORK}; ln -sf env .env\n{docker}\n{commands}")


def _set(settings: dict[str, int]) -> None:
    (WORK / "env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def _send(folder: Path, first: date, last: date) -> None:
    """Puts a workbook with one event into the inbox, for every reporter and every month from the first to the last."""
    lists = CodeLists.from_package()
    folder.mkdir()
    for reporter in REPORTERS:
        line = {
            "area": reporter if reporter.isdigit() else PROVINCE,
            "event_type": "communication",
            "event_count": 1,
            "attendances": 50,
        }
        for month in pandas.date_range(first, last, freq="MS").date:
            path = folder / reporter / f"{month:%Y-%m}.xlsx"
            path.parent.mkdir(exist_ok=True)
            write_template(path, lists.reporters[reporter], month, lists, {"events": [line]}, synthetic=True)
    podman("cp", f"{folder}/.", f"{NAME}_scheduler_1:/var/lib/mangnon/inbox/")


def _are_read(first: date, last: date, deliveries: int) -> bool:
    (count,) = _answers(f"select count(*) from ops.loads where period between '{first}' and '{last}'")
    return int(count) >= deliveries


def _reading(seconds: float) -> str:
    """How long the newest night, of the last seconds, read workbooks."""
    (row,) = _answers(
        f"""
        select round(extract(epoch from max(end_date) - min(start_date))), round(sum(duration))
        from task_instance
        where task_id = 'load_reporter' and start_date > now() - interval '{seconds} seconds'
        """,
        METADATA,
    )
    took, work = row.split()
    return f"; reading them {took} s, in which the tasks together took {work} s"


def _published(first: date, last: date) -> tuple[int, int]:
    """Lines and events of these months, as BI sees them."""
    with psycopg.connect(_bi_url()) as reader:
        query = "select count(*), sum(event_count) from marts.fct_events where period between %s and %s"
        return reader.execute(query, [first, last]).fetchone()  # type: ignore[return-value]


def _kill(service: str) -> None:
    process = int(podman("inspect", "--format", "{{.State.Pid}}", f"{NAME}_{service}_1"))
    os.kill(process, signal.SIGKILL)


def _up(services_wanted: set[str], small: bool = False) -> None:
    """Starts the stack and waits until the health check of every container is content."""
    began = time.monotonic()
    compose("up", "--detach", small=small)
    _wait_until_healthy(services_wanted, began)
    measured(f"up and healthy, {'small' if small else 'with two workers'}", began)
    assert {_service(name) for name in _containers()} == services_wanted


def _wait_until_healthy(services_wanted: set[str], began: float) -> None:
    while unhealthy := _unhealthy(services_wanted):
        assert time.monotonic() - began < SECONDS_TO_BE_HEALTHY, f"not healthy: {unhealthy}"
        time.sleep(2)


def _unhealthy(wanted: set[str]) -> set[str]:
    running = _containers()
    ill = {name for name in running if not _is_healthy(name)}
    return {_service(name) for name in ill} | (wanted - {_service(name) for name in running})


def _is_healthy(container: str) -> bool:
    check = ["podman", "healthcheck", "run", container]
    return subprocess.run(check, env=ENVIRONMENT, capture_output=True).returncode == 0


def _containers(service: str = "") -> list[str]:
    """The running containers, but for those that only make ready."""
    names = podman("ps", "--format", "{{.Names}}").split()
    return [name for name in names if service in name and _service(name) not in ("secrets", "prepare")]


def _service(container: str) -> str:
    match = re.fullmatch(rf"{NAME}_(.+)_\d+", container)
    assert match, container
    return match[1]


def _bi_url() -> str:
    return within("api-server", "mangnon", "bi-url")


def _figures() -> dict[str, tuple[Decimal, str, str]]:
    """The figures of 2020 as BI gets them, through the published port."""
    with psycopg.connect(_bi_url()) as reader:
        rows = reader.execute("select figure, value, qualifier, unit from marts.annual_report where year = 2020")
        return {figure: (value, qualifier, unit) for figure, value, qualifier, unit in rows}


def _expected() -> dict[str, tuple[Decimal, str, str]]:
    with PUBLISHED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 33
    return {row["figure"]: (Decimal(row["value"]), row["qualifier"], row["unit"]) for row in rows}


def _releases() -> list[int]:
    with psycopg.connect(_bi_url()) as reader:
        return [row[0] for row in reader.execute("select release_id from marts.releases order by 1")]


def _answers(query: str, address: str | None = None) -> list[str]:
    """What a database's owner sees, asked from where its password is; without an address, of the warehouse."""
    program = "import psycopg, sys; [print(*row) for row in psycopg.connect(sys.argv[1]).execute(sys.argv[2])]"
    address = address or within("scheduler", "printenv", "WAREHOUSE_URL")
    return within("scheduler", "python", "-c", program, address, query).splitlines()


def _deliveries() -> list[str]:
    return _answers("select delivery_id, sha256 from ops.deliveries order by 1")


def _kept() -> list[object]:
    """What no restart may change: ledger, runs, passwords, archive and inbox."""
    return [
        _deliveries(),
        _answers("select run_id, state from dag_run order by id", METADATA),
        within("scheduler", "sh", "-c", "cat airflow/passwords.json bi_reader.password"),
        within("scheduler", "sh", "-c", "find archive inbox -type f | sort"),
    ]


def _remove() -> None:
    # The storage is the tests' own: nothing in it belongs to anybody else. What others depend on goes after them.
    while containers := podman("ps", "--all", "--quiet").split():
        subprocess.run(["podman", "rm", "--force", "--time", "5", *containers], env=ENVIRONMENT, capture_output=True)
    podman("volume", "rm", "--all", "--force")
    podman("network", "prune", "--force")
