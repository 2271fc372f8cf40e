"""The stack of docker/ in podman: started, asked, broken and removed by the tests of the containers."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas
import psycopg

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.orchestration import api
from mangnon.sample.submissions import PROVINCE, submissions
from mangnon.settings import PROJECT

WORK = PROJECT / ".mangnon-test" / "containers"
MOVE = PROJECT / "docs" / "runbooks" / "more-than-one-machine.md"
PUBLISHED = PROJECT / "tests" / "fixtures" / "figures_2020.csv"
NAME = "mangnon_test"
SECONDS_TO_BE_HEALTHY = 300
METADATA = "postgresql://airflow@metadata/airflow"
# What runs: on a modest server, and on one with workers.
DATABASES = {"warehouse", "metadata"}
SMALL = DATABASES | {"api-server", "scheduler", "dag-processor", "metrics"}
LARGE = SMALL | {"triggerer", "broker", "worker"}
REPORTERS = {submission.reporter for submission in submissions() if submission.period.year == 2020}
# Of 13 months each. Two months of 2021 are left out: gate 2 would compare the whole year with 2020, and rightly object.
SPANS = [(date(2021 + n, 3 + n, 1), date(2022 + n, 3 + n, 1)) for n in range(4)]
SENT = 13 * len(REPORTERS)

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


def configure(settings: Mapping[str, object]) -> None:
    (WORK / "env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def send_months(folder: Path, first: date, last: date) -> None:
    """Puts a workbook with one event into the inbox, for every reporter and every month from the first to the last."""
    write_months(folder, first, last)
    podman("cp", f"{folder}/.", f"{NAME}_scheduler_1:/var/lib/mangnon/inbox/")


def write_months(folder: Path, first: date, last: date) -> None:
    """Writes these workbooks, each into the folder of its reporter."""
    lists = CodeLists.from_package()
    folder.mkdir(exist_ok=True)
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


def are_read(first: date, last: date, deliveries: int) -> bool:
    (count,) = answers(f"select count(*) from ops.loads where period between '{first}' and '{last}'")
    return int(count) >= deliveries


def reading_took(seconds: float) -> str:
    """How long the newest night, of the last seconds, read workbooks."""
    (row,) = answers(
        f"""
        select round(extract(epoch from max(end_date) - min(start_date))), round(sum(duration))
        from task_instance
        where task_id = 'load_reporter' and start_date > now() - interval '{seconds} seconds'
        """,
        METADATA,
    )
    took, work = row.split()
    return f"; reading them {took} s, in which the tasks together took {work} s"


def published_events(first: date, last: date) -> tuple[int, int]:
    """Lines and events of these months, as BI sees them."""
    with psycopg.connect(bi_url()) as reader:
        query = "select count(*), sum(event_count) from marts.fct_events where period between %s and %s"
        return reader.execute(query, [first, last]).fetchone()  # type: ignore[return-value]


def kill(service: str) -> None:
    process = int(podman("inspect", "--format", "{{.State.Pid}}", f"{NAME}_{service}_1"))
    os.kill(process, signal.SIGKILL)


def up(services_wanted: set[str], small: bool = False) -> None:
    """Starts the stack and waits until the health check of every container is content."""
    began = time.monotonic()
    compose("up", "--detach", small=small)
    wait_until_healthy(services_wanted, began)
    measured(f"up and healthy, {'small' if small else 'with two workers'}", began)
    assert {service_of(name) for name in containers()} == services_wanted


def wait_until_healthy(services_wanted: set[str], began: float) -> None:
    while ill := unhealthy(services_wanted):
        assert time.monotonic() - began < SECONDS_TO_BE_HEALTHY, f"not healthy: {ill}"
        time.sleep(2)


def unhealthy(wanted: set[str]) -> set[str]:
    running = containers()
    ill = {name for name in running if not is_healthy(name)}
    return {service_of(name) for name in ill} | (wanted - {service_of(name) for name in running})


def is_healthy(container: str) -> bool:
    check = ["podman", "healthcheck", "run", container]
    return subprocess.run(check, env=ENVIRONMENT, capture_output=True).returncode == 0


def containers(service: str = "") -> list[str]:
    """The running containers, but for those that only make ready."""
    names = podman("ps", "--format", "{{.Names}}").split()
    return [name for name in names if service in name and service_of(name) not in ("secrets", "prepare")]


def service_of(container: str) -> str:
    match = re.fullmatch(rf"{NAME}_(.+)_\d+", container)
    assert match, container
    return match[1]


def bi_url() -> str:
    return within("api-server", "mangnon", "bi-url")


def figures() -> dict[str, tuple[Decimal, str, str]]:
    """The figures of 2020 as BI gets them, through the published port."""
    with psycopg.connect(bi_url()) as reader:
        rows = reader.execute("select figure, value, qualifier, unit from marts.annual_report where year = 2020")
        return {figure: (value, qualifier, unit) for figure, value, qualifier, unit in rows}


def expected_figures() -> dict[str, tuple[Decimal, str, str]]:
    with PUBLISHED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 33
    return {row["figure"]: (Decimal(row["value"]), row["qualifier"], row["unit"]) for row in rows}


def releases() -> list[int]:
    with psycopg.connect(bi_url()) as reader:
        return [row[0] for row in reader.execute("select release_id from marts.releases order by 1")]


def answers(query: str, address: str | None = None) -> list[str]:
    """What a database's owner sees, asked from where its password is; without an address, of the warehouse."""
    program = "import psycopg, sys; [print(*row) for row in psycopg.connect(sys.argv[1]).execute(sys.argv[2])]"
    address = address or within("scheduler", "printenv", "WAREHOUSE_URL")
    return within("scheduler", "python", "-c", program, address, query).splitlines()


def deliveries() -> list[str]:
    return answers("select delivery_id, sha256 from ops.deliveries order by 1")


def kept() -> list[object]:
    """What no restart may change: ledger, runs, passwords, archive and inbox."""
    return [
        deliveries(),
        answers("select run_id, state from dag_run order by id", METADATA),
        within("scheduler", "sh", "-c", "cat airflow/passwords.json bi_reader.password"),
        within("scheduler", "sh", "-c", "find archive inbox -type f | sort"),
    ]


def remove() -> None:
    # The storage is the tests' own: nothing in it belongs to anybody else. What others depend on goes after them.
    while containers := podman("ps", "--all", "--quiet").split():
        subprocess.run(["podman", "rm", "--force", "--time", "5", *containers], env=ENVIRONMENT, capture_output=True)
    podman("volume", "rm", "--all", "--force")
    podman("network", "prune", "--force")


def another_server(folder: Path) -> str:
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
    api.wait(lambda: is_healthy(name), 60, "the other server")
    (wanted,) = re.findall(r"```sql\n(create role mangnon.+?)```", MOVE.read_text(encoding="utf-8"), re.DOTALL)
    for statement in wanted.replace("…", "secret").split(";")[:-1]:
        podman("exec", name, "psql", "--username=postgres", "--host=/tmp", "--command", statement)
    address = podman("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
    return f"{address.strip()}:5432"


def blocks(runbook: Path) -> list[str]:
    return re.findall(r"```text\n(.+?)```", runbook.read_text(encoding="utf-8"), re.DOTALL)


def run_block(commands: str, **environment: object) -> None:
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
