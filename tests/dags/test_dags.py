"""The DAG files as Airflow's own parser reads them: thin, quick to parse, and with the limits that nights need."""

import ast
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mangnon.orchestration import runs, services

DAGS = Path(__file__).parents[2] / "dags"
FILES = sorted(DAGS.glob("*.py"))
# What takes seconds to import, and so must wait until a task runs.
HEAVY = ["mangnon", "pandas", "pyarrow", "great_expectations", "dbt", "psycopg"]


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 (importing Airflow takes seconds)

    bag = DagBag(DAGS)
    assert bag.import_errors == {}
    return bag.dags


# Importing the SDK takes more than a second, so each file is parsed in a fork of a process that has imported it.
PARSE = """
import json, os, pathlib, runpy, sys
import airflow.sdk
before = set(sys.modules)
for file in sys.argv[1:]:
    if os.fork() == 0:
        runpy.run_path(file)
        print(json.dumps({pathlib.Path(file).stem: sorted(set(sys.modules) - before)}), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0, file
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """The modules that parsing each file imports, besides the SDK."""
    done = subprocess.run([sys.executable, "-c", PARSE, *FILES], capture_output=True, text=True, check=True)
    return {name: modules for line in done.stdout.splitlines() for name, modules in json.loads(line).items()}


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def file(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def dag(file: Path, dags: dict[str, Any]) -> Any:
    return dags[file.stem]


def test_each_file_holds_the_dag_of_its_name(dags: dict[str, Any]) -> None:
    assert {dag.dag_id: Path(dag.fileloc).stem for dag in dags.values()} == {file.stem: file.stem for file in FILES}
    assert {services.NIGHTLY, runs.PUBLISHING, runs.TELLING} <= set(dags)


def test_a_file_is_short_and_not_taken_for_dbts(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) < 80
    assert not file.name.startswith("dbt_")


def test_a_file_imports_only_stdlib_and_the_sdk_at_its_top(file: Path) -> None:
    imported = set()
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Import):
            imported |= {alias.name for alias in statement.names}
        if isinstance(statement, ast.ImportFrom):
            imported.add(statement.module or "")
    ours = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert all(name == "airflow.sdk" or name.startswith("airflow.sdk.") for name in ours), ours


def test_parsing_imports_nothing_heavy(file: Path, imported: dict[str, list[str]]) -> None:
    assert not [name for name in imported[file.stem] if name.partition(".")[0] in HEAVY]


def test_a_dag_explains_itself(dag: Any) -> None:
    assert dag.doc_md.startswith("## ")
    assert all(f"**{task.task_id}**" in dag.doc_md for task in dag.tasks)
    assert dag.tags
    assert dag.owner == "data-engineering"


def test_a_dag_runs_once_at_a_time_and_never_for_the_past(dag: Any) -> None:
    assert dag.max_active_runs == 1
    assert dag.catchup is False


def test_tasks_are_tried_again_and_end(dag: Any) -> None:
    for task in dag.tasks:
        # Publishing outlasts a deployment.
        assert task.retries == (0 if task.task_id == "show_failure" else 5 if dag.dag_id == "publish_marts" else 2)
        assert task.retry_delay == timedelta(minutes=1)
        assert task.execution_timeout <= timedelta(hours=2)


def test_the_night_begins_at_half_past_one_in_viet_nam(dags: dict[str, Any]) -> None:
    schedule = dags["collect_submissions"].schedule
    assert (schedule.expression, str(schedule.timezone)) == ("30 1 * * *", "Asia/Ho_Chi_Minh")
    assert schedule.run_immediately == timedelta(0)  # False would mean: at once, until 03:54


def test_reporters_are_loaded_one_by_one(dags: dict[str, Any]) -> None:
    dag = dags["collect_submissions"]
    load = dag.get_task("load_reporter")
    assert load.is_mapped
    assert load.upstream_task_ids == {"collect"}
    assert load.partial_kwargs["map_index_template"] == "{{ task.op_kwargs['reporter'] }}"
    assert load.max_active_tis_per_dagrun == 4
    assert dag.get_task("close_batch").upstream_task_ids == {"load_reporter"}
    assert dag.get_task("close_batch").trigger_rule == "all_done"


def test_assets_tie_the_dags_together(dags: dict[str, Any]) -> None:
    outlets = {
        (asset.name, dag.dag_id, task.task_id) for dag in dags.values() for task in dag.tasks for asset in task.outlets
    }
    assert outlets == {
        ("loads", "collect_submissions", "close_batch"),
        ("loads", "reprocess_periods", "close_batch"),
        ("marts", "approve_release", "publish_release"),
        ("marts", "publish_marts", "publish_release"),
        ("marts", "roll_back_release", "roll_back"),
        ("verdicts", "publish_marts", "announce_verdicts"),
    }
    assert dags["publish_marts"].schedule.name == "loads"
    assert dags["tell_reporters"].schedule.name == "verdicts"
    assert dags["approve_release"].schedule.name == "verdicts"


def test_what_waits_for_a_person_waits_in_a_dag_of_its_own(dags: dict[str, Any]) -> None:
    approve = dags["approve_release"].get_task("approve")
    assert approve.upstream_task_ids == {"find_question"}
    assert approve.downstream_task_ids == {"publish_release"}
    assert approve.defaults == ["Reject"]
    assert approve.response_timeout == timedelta(days=7)
    assert set(approve.params) == {"reason"}


def test_a_rollback_is_asked_for_by_hand_and_waits_for_approval(dags: dict[str, Any]) -> None:
    dag = dags["roll_back_release"]
    assert dag.schedule is None
    approve = dag.get_task("approve")
    assert approve.upstream_task_ids == {"check_request"}
    assert approve.downstream_task_ids == {"roll_back"}
    assert approve.defaults == ["Reject"]
    assert approve.response_timeout == timedelta(days=1)


def test_what_can_be_said_is_said_whatever_else_failed_and_the_run_is_red(dags: dict[str, Any]) -> None:
    dag = dags["tell_reporters"]
    assert {dag.get_task(name).trigger_rule for name in ("write_feedback", "write_reminders", "send_mail")} == {
        "all_done"
    }
    assert dag.get_task("show_failure").upstream_task_ids == {
        "write_page", "write_feedback", "write_reminders", "send_mail"
    }  # fmt: skip


def test_verdicts_are_announced_also_after_a_refusal(dags: dict[str, Any]) -> None:
    announce = dags["publish_marts"].get_task("announce_verdicts")
    assert announce.is_teardown
    assert not announce.on_failure_fail_dagrun  # or it would hide that the release was refused
