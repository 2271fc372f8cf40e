"""The connections of our stores that Airflow keeps, in its database or in a secrets backend of its own."""

import json
import os
import subprocess
import sys
from functools import lru_cache
from threading import Lock
from types import ModuleType

from mangnon.orchestration import services
from mangnon.stores import STORES, StoreFailure

PROGRAM = "mangnon.orchestration.kept_connections"
# Else Airflow looks into the environment alone.
AS_SERVER = {"_AIRFLOW_PROCESS_CONTEXT": "server"}
SECONDS = 60
# The doctor opens several stores at a time.
ASKING = Lock()


def look_up(name: str) -> str | None:
    """Returns an Airflow connection as JSON; None if there is none, or no Airflow. Raises StoreFailure.

    `stores` calls this: pyproject.toml names it as an entry point.
    """
    # This is how Airflow itself tells whether a process is that of a task.
    if hasattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS"):
        return _of_task(sys.modules["airflow.sdk"], name)
    environment = services.command_environment("connections")
    if environment is None:
        return None
    with ASKING:
        said = _of_command(tuple(sorted(environment.items())), os.getpid())
    if isinstance(said, str):
        raise StoreFailure(said)
    return said.get(name)


def _of_task(sdk: ModuleType, name: str) -> str | None:
    """Asks Airflow's API, as tasks do; Airflow hides the password in the task's log."""
    try:
        return str(sdk.Connection.get(name).as_json())
    except sdk.exceptions.AirflowNotFoundException:
        return None


@lru_cache(maxsize=1)
def _of_command(environment: tuple[tuple[str, str], ...], _process: int) -> dict[str, str] | str:
    """Asks for all connections at once, or returns why Airflow cannot be asked.

    In a process of its own: Airflow takes seconds, and takes over the logs. A command asks once, also if it fails.
    """
    names = [f"mangnon_{which}" for which in STORES]
    try:
        said = subprocess.run(
            [sys.executable, "-m", PROGRAM, *names], env=dict(environment) | AS_SERVER, capture_output=True, text=True,
            timeout=SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"Airflow did not say within {SECONDS} s which connections it has"
    if said.returncode:
        why = (said.stderr.strip().splitlines() or [f"exit code {said.returncode}"])[-1]
        return f"Airflow cannot be asked for its connections: {why}"
    return dict(json.loads(said.stdout.splitlines()[-1]))
