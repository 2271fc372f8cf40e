"""Airflow's REST API: its address, calls to it, and waiting for a run to end."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from mangnon.failures import Failure
from mangnon.settings import settings

progress = logging.getLogger("mangnon.progress")

USER = "admin"
SECONDS_FOR_A_NIGHT = 3600


class ServiceError(Failure):
    """Airflow could not be started, or did not do what it was asked. The message says what Airflow answered."""


def folder() -> Path:
    """Returns the folder of this checkout's Airflow; only its owner can enter it."""
    return settings().home / "airflow"


def address() -> str:
    """Returns the URL of the UI and the API. Raises ServiceError if Airflow was never started here."""
    if elsewhere := settings().airflow_url:
        return elsewhere
    try:
        return f"http://127.0.0.1:{json.loads(kept_file().read_text())['port']}"
    except FileNotFoundError:
        raise ServiceError("Airflow was never started here: `make up` starts it") from None


def kept_file() -> Path:
    """Returns the file that keeps this Airflow's keys and port; it is written when Airflow is configured."""
    return folder() / "kept.json"


def password_file() -> Path:
    """Returns the file with the password of the user `admin`."""
    return folder() / "passwords.json"


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Calls Airflow's REST API and returns its JSON. Raises ServiceError, with the answer, when Airflow refuses."""
    return _call(method, f"{address()}/api/v2/{path}", body, {"Authorization": f"Bearer {token(address())}"})


def pause(dag_id: str, is_paused: bool) -> None:
    """Pauses a DAG, or lets it run again."""
    ask("PATCH", f"dags/{dag_id}", {"is_paused": is_paused})


def trigger(dag_id: str) -> str:
    """Starts a run of a DAG, as a user would. Returns its run id."""
    return str(ask("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"])


def wait_for(dag_id: str, run_id: str) -> str:
    """Waits until a run has ended, and logs what its tasks do meanwhile. Returns `success` or `failed`."""
    told: set[str] = set()

    def ended() -> str | None:
        run = ask("GET", f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")
        for line in _task_lines(dag_id, run_id):
            if line not in told:
                progress.info(line)
                told.add(line)
        return run["state"] if run["end_date"] else None

    return str(wait(ended, SECONDS_FOR_A_NIGHT, f"{dag_id} to end; see {address()}/dags/{dag_id}"))


def _task_lines(dag_id: str, run_id: str) -> Iterator[str]:
    path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances?order_by=end_date&limit=1000"
    for task in ask("GET", path)["task_instances"]:
        if task["state"] in ("success", "failed", "upstream_failed"):
            name = " ".join(filter(None, [task["task_id"], task["rendered_map_index"]]))
            yield f"  {dag_id}: {name}: {task['state']}, {task['duration'] or 0:.1f} s"


def wait(look: Callable[[], Any], seconds: float, what: str) -> Any:
    """Calls `look` every half second until it returns something true, and returns that.

    Raises ServiceError after so many seconds; its message says that `what` did not happen.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.5)
    raise ServiceError(f"waited {seconds:.0f} s in vain for {what}")


@cache
def token(address: str) -> str:
    """Returns the access token for the Airflow at this address. It is cached, since each new one costs a log-in."""
    password = json.loads(password_file().read_text())[USER]
    return str(_call("POST", f"{address}/auth/token", {"username": USER, "password": password}, {})["access_token"])


def _call(method: str, url: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
    try:
        answer = _client().request(method, url, json=body, headers=headers)
        if answer.is_error:
            reason = f"HTTP {answer.status_code} {answer.reason_phrase}"
            raise ServiceError(f"Airflow refused {method} {url}: {reason} {answer.text}")
        return answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ServiceError(f"Airflow does not answer at {url}: {error}") from error


@cache
def _client() -> httpx.Client:
    # No proxy reaches this Airflow, whatever the environment says. No connection is kept: the API server at its other
    # end may have been restarted meanwhile.
    return httpx.Client(
        trust_env=False, timeout=30, follow_redirects=True, limits=httpx.Limits(max_keepalive_connections=0)
    )
