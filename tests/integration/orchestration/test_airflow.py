"""Nights on a real Airflow: scheduler, LocalExecutor, API server, and a metadata database of their own."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from support import remote
from support.mail import mail_server

from mangnon.orchestration import api, runs, services
from mangnon.publishing import lists
from mangnon.sample import write_sample
from mangnon.sample.submissions import submissions
from mangnon.stores import open_store
from mangnon.stores.mark import MARK
from mangnon.watching import doctor


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Before Airflow starts: where its lineage goes, and a mail server that knows the office."""
    with mail_server() as mails:
        addresses = tmp_path / "addresses.csv"
        addresses.write_text("reporter_code,address\n_office,office@example.org\n", encoding="utf-8")
        monkeypatch.setenv("MANGNON_SMTP_URL", f"smtp://127.0.0.1:{mails.port}")
        monkeypatch.setenv("MANGNON_MAIL_FROM", "mangnon@example.org")
        monkeypatch.setenv("MANGNON_MAIL_ADDRESSES", str(addresses))
        monkeypatch.setenv("MANGNON_OPENLINEAGE", str(tmp_path / "lineage.jsonl"))
        yield SimpleNamespace(lineage=tmp_path / "lineage.jsonl", mails=mails)


def test_the_sample_becomes_a_release_and_the_next_night_has_nothing_to_do(
    watched: SimpleNamespace, airflow: ModuleType, warehouse: ModuleType, tmp_path: Path
) -> None:
    lists.deliver_packaged()
    write_sample(tmp_path / "inbox")

    runs.run_night()

    (collecting,), (publishing,) = _runs("collect_submissions"), _runs("publish_marts")
    assert (collecting["run_type"], collecting["state"]) == ("manual", "success")
    assert (publishing["run_type"], publishing["state"]) == ("asset_triggered", "success")
    (telling,) = _runs("tell_reporters")
    assert (telling["run_type"], telling["state"]) == ("asset_triggered", "success"), "the night waits for it"
    # Of 2019 nobody knows how many children the cases hurt; who says that nothing happened gets a receipt.
    empty = sum(not lines for one in submissions() for lines in one.lines.values())
    assert _query(warehouse, "select count(*) from ops.feedback where extract(year from period) = 2019") == [(28,)]
    assert _query(warehouse, "select count(*) from ops.feedback") == [(28 + empty,)]
    reporters = {task["rendered_map_index"] for task in _tasks(collecting) if task["task_id"] == "load_reporter"}
    assert reporters == {row[0] for row in _query(warehouse, "select distinct reporter_code from ops.loads")} - {
        "_reference"
    }
    assert len(reporters) > 14
    assert _query(warehouse, "select state from ops.releases") == [("published",)]
    assert _query(warehouse, "select count(*) from marts.annual_report where year = 2020") == [(33,)]

    runs.run_night()

    quiet = _runs("collect_submissions")[-1]
    assert quiet["state"] == "success"
    assert {task["state"] for task in _tasks(quiet)} == {"skipped"}
    assert len(_runs("publish_marts")) == 1
    assert _query(warehouse, "select count(*) from ops.releases") == [(1,)]
    assert api.ask("GET", "dags/collect_submissions")["is_paused"]

    assert_lineage_is_whole(watched.lineage, tmp_path)
    assert_lines_carry_ids(warehouse, collecting)
    assert_the_deadline_is_watched(warehouse, watched.mails)
    refused = r"Airflow refused GET http://127\.0\.0\.1:\d+/api/v2/dags/none: HTTP 404 Not Found .*none"
    with pytest.raises(api.ServiceError, match=refused):
        api.ask("GET", "dags/none")


def assert_lineage_is_whole(file: Path, folder: Path) -> None:
    """Each task was seen to begin and to end, and from inbox to marts each reads what the one before wrote."""
    states = defaultdict(list)
    written: dict[str, tuple[set[str], set[str]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        states[event["run"]["runId"]].append(event["eventType"])
        inputs, outputs = ({dataset["name"] for dataset in event.get(kind, [])} for kind in ("inputs", "outputs"))
        if event["eventType"] == "COMPLETE" and inputs:
            written[event["job"]["name"].partition(".")[2]] = inputs, outputs
    assert {tuple(state) for state in states.values()} == {("START", "COMPLETE")}
    assert written["collect"] == ({str(folder / "inbox")}, {str(folder / "archive")})
    (archive,) = written["collect"][1]
    assert archive in written["load_reporter"][0]
    steps = ["load_reporter", "model_loads", "build_candidate", "publish_release"]
    for before, after in itertools.pairwise(steps):
        assert written[before][1] & written[after][0], (before, after)
    database = os.environ["WAREHOUSE_URL"].rpartition("/")[2]
    assert f"{database}.raw.events" in written["model_loads"][0]
    assert f"{database}.core.fct_events" in written["model_loads"][1] & written["publish_release"][0]
    assert f"{database}.marts.annual_report" in written["publish_release"][1]


def assert_lines_carry_ids(warehouse: ModuleType, collecting: dict[str, Any]) -> None:
    """What the tasks wrote into their logs names run, batch, delivery and load."""
    named = set()
    logs = api.folder() / "logs" / "dag_id=collect_submissions" / f"run_id={collecting['dag_run_id']}"
    for log in logs.glob("task_id=load_*/**/*.log"):
        for line in map(json.loads, log.read_text(encoding="utf-8").splitlines()):
            if line.get("logger") == "mangnon.intake.loads":
                assert line["run_id"] == collecting["dag_run_id"]
                named.add((line["batch"], line["delivery"], line["load"]))
    assert named == set(
        _query(warehouse, "select batch_id, delivery_id, load_id from ops.loads where reporter_code <> '_reference'")
    )


def assert_the_deadline_is_watched(warehouse: ModuleType, mails: SimpleNamespace) -> None:
    """Green while all is published; red, and the office is told, when no night came. The doctor sees the schedule."""

    def schedule() -> list[str]:
        return [line.what for line in doctor.examine() if line.subject in ("Airflow", "schedule")]

    assert schedule() == ["is healthy", "paused: check_deadline, collect_submissions"]
    api.pause("collect_submissions", False)
    api.pause("check_deadline", False)
    assert schedule() == ["is healthy", "no DAG is paused"]
    assert api.wait_for("check_deadline", api.trigger("check_deadline")) == "success"
    assert mails.taken == []
    with warehouse.connect() as connection:
        connection.execute("update ops.deployed_views set deployed_at = '2020-01-01'")
        connection.execute("update ops.batches set opened_at = '2020-01-01', closed_at = '2020-01-01'")
    assert api.wait_for("check_deadline", api.trigger("check_deadline")) == "failed"
    (letter,) = mails.taken
    assert letter.to == ["office@example.org"]
    assert "hệ thống không thu nhận tệp" in letter.get_body().get_content()


@pytest.fixture
def remote_inbox(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Airflow starts: an inbox in a bucket, with a file in no place, for which the environment has no key."""
    with pytest.MonkeyPatch.context() as patch:
        remote.use_s3(s3.port, patch.setenv, tmp_path.name)
        address, inbox = os.environ["MANGNON_INBOX"], open_store("inbox")
        inbox.write(MARK, b"")
        inbox.write("stray.xlsx", b"synthetic")
    monkeypatch.setenv("MANGNON_INBOX", address)
    for name, value in (
        ("AWS_CONFIG_FILE", os.devnull), ("AWS_SHARED_CREDENTIALS_FILE", os.devnull),
        ("AWS_EC2_METADATA_DISABLED", "true"), ("no_proxy", "127.0.0.1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)


def test_it_keeps_connections_and_is_for_its_owner_and_down_leaves_no_process_behind_even_after_a_kill(
    s3: Any, warehouse: ModuleType, remote_inbox: None, airflow: ModuleType
) -> None:
    assert airflow.is_up()
    assert_it_is_for_its_owner_alone()
    assert_stores_are_opened_with_its_connections(warehouse, s3.port)
    ours = _family("scheduler") + _family("dag-processor") + _family("api-server")
    assert len(ours) > len(services.COMPONENTS)  # also the workers of LocalExecutor

    os.kill(_family("scheduler")[0].pid, signal.SIGKILL)
    assert not airflow.is_up()
    airflow.down()

    assert not [process for process in ours if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert not airflow.is_up()
    with pytest.raises(api.ServiceError, match="does not answer"):
        api.ask("GET", "monitor/health")


def assert_stores_are_opened_with_its_connections(warehouse: ModuleType, port: int) -> None:
    """A task and a command use the connection that somebody made in Airflow, and no log has its secret."""
    lacking = r"refuses the credentials \(.+\) of the environment, as Airflow gives no connection mangnon_inbox"
    assert re.search(lacking, _status())
    extra = {"endpoint_url": f"http://127.0.0.1:{port}", "region_name": "us-east-1"}
    made = {"connection_id": "mangnon_inbox", "conn_type": "aws", "login": remote.KEY, "extra": json.dumps(extra)}
    api.ask("POST", "connections", made | {"password": remote.SECRET})
    assert "No night can collect" not in _status()
    api.pause("collect_submissions", False)
    assert api.wait_for("collect_submissions", api.trigger("collect_submissions")) == "success"
    assert _query(warehouse, "select path from ops.misplaced_files") == [("stray.xlsx",)]
    api.ask("PATCH", "connections/mangnon_inbox", made | {"password": "a wrong secret"})
    assert re.search(r"refuses the credentials \(.+\) of Airflow's connection mangnon_inbox; correct them", _status())
    logs = [path.read_text(errors="replace") for path in (api.folder() / "logs").rglob("*.log")]
    assert logs
    assert not [log for log in logs if remote.SECRET in log or "a wrong secret" in log]


def _status() -> str:
    """What `mangnon status` says on the command line."""
    command = [sys.executable, "-m", "mangnon.cli", "status"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert remote.SECRET not in said.stdout + said.stderr
    return re.sub(r"\s+", " ", said.stdout + said.stderr)


def assert_it_is_for_its_owner_alone() -> None:
    """Nobody else reads what it keeps, and it listens on this machine only."""
    folder = api.password_file().parent
    assert folder.stat().st_mode & 0o077 == 0
    for name in ("airflow.cfg", "kept.json", "passwords.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    listening = {
        connection.laddr.ip
        for component in services.COMPONENTS
        for process in _family(component)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def _family(component: str) -> list[psutil.Process]:
    """The component's process, and those that it started."""
    marker = f"{api.password_file().parent}:{component}"
    for process in psutil.process_iter():
        try:
            if process.environ().get(services.MARKER) == marker and os.getsid(process.pid) == process.pid:
                return [process, *process.children(recursive=True)]
        except psutil.Error:
            continue
    raise AssertionError(f"{component} does not run")


def _runs(dag_id: str) -> list[dict[str, Any]]:
    runs = api.ask("GET", f"dags/{dag_id}/dagRuns?order_by=id")["dag_runs"]
    return list(runs)


def _tasks(run: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"dags/{run['dag_id']}/dagRuns/{quote(run['dag_run_id'], safe='')}/taskInstances?limit=1000"
    return list(api.ask("GET", path)["task_instances"])


def _query(warehouse: ModuleType, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return list(connection.execute(query).fetchall())
