"""Starts an Airflow for a test, on the warehouse of the test."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from urllib.parse import quote

import pytest

from mangnon.orchestration import api, services
from support import databases

METADATA = "mangnon_test_airflow"


@contextmanager
def running_airflow(patch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Starts a new Airflow on the warehouse of the test, and stops it at the end."""
    patch.setattr(services, "METADATA", METADATA)
    patch.setenv("http_proxy", "http://127.0.0.1:1")  # no proxy reaches this Airflow
    services.down()
    databases.drop(METADATA)
    services.up(nightly=False)
    yield services
    services.down()
    databases.drop(METADATA)
    (api.folder() / "airflow.cfg").unlink()  # it names the database


def answer(dag_id: str, run_id: str, option: str, **params: str) -> str:
    """Answers the question of a run until the run ends. Returns the state of the run.

    Airflow loses an answer that comes before the scheduler has noticed that the task waits, and asks again a minute
    later. Only a test is that fast, so it waits a moment first.
    """
    run_path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"
    task_path = f"{run_path}/taskInstances/approve"

    def ended() -> str | None:
        run = api.ask("GET", run_path)
        if run["end_date"]:
            return str(run["state"])
        if api.ask("GET", task_path)["state"] == "awaiting_input":
            time.sleep(3)
            body = {"chosen_options": [option], "params_input": params}
            api.ask("PATCH", f"{task_path}/-1/hitlDetails", body)
        return None

    return str(api.wait(ended, api.SECONDS_FOR_A_NIGHT, f"{dag_id} to end"))
