"""Runs dbt: each call is a process of its own, since dbt keeps global state."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from mangnon.failures import Failure
from mangnon.settings import PROJECT, settings
from mangnon.warehouse.code_hash import code_hash
from mangnon.warehouse.connection import url

# A night does not run the unit tests again: they need no data.
# The tables of a release join what the planner cannot count beforehand. With the default of 4 MB such a join splits
# into so many parts that their buffers alone need gigabytes.
WORK_MEM = "128MB"
MODELS_AND_TESTS = ("--resource-type", "model", "--resource-type", "test")


class TransformError(Failure):
    """dbt failed; the message holds what it said."""


def deploy(lock_timeout: str) -> None:
    """Makes dbt's tables and columns where they are missing, and replaces the views whose SQL changed.

    Whoever reads what is to be changed is waited for that long, and no longer: behind dbt all other readers wait.
    Raises TransformError.
    """
    dbt("run", "--select", "*", options={"lock_timeout": lock_timeout})
    for target in _target().parent.glob("target*"):
        if target != _target():
            shutil.rmtree(target, ignore_errors=True)


def manifest() -> dict[str, Any]:
    """Returns dbt's manifest of the project, without looking at the warehouse. Raises TransformError."""
    dbt("parse")
    return last_manifest()


def last_manifest() -> dict[str, Any]:
    """The same as dbt left it when it ran last."""
    content: dict[str, Any] = json.loads((_target() / "manifest.json").read_text())
    return content


def model(batches: list[int], tables: list[str], reference_load_ids: list[int]) -> None:
    """Appends the rows of these batches' loads to these tables of the core, and tests them. Raises TransformError.

    The tables must be all that can hold rows of the loads. Each costs time, also when nothing comes to it.
    """
    if tables:
        dbt(
            "build", "--select", *tables, *MODELS_AND_TESTS,
            asked={"batches": batches, "reference_loads": reference_load_ids},
        )  # fmt: skip


def model_again(load_ids: list[int], reference_load_ids: list[int]) -> None:
    """Appends the rows of pruned loads to the facts again, which hold none of them. Raises TransformError."""
    # Too many ids for a setting of the connection.
    variables = json.dumps({"restored_load_ids": load_ids})
    dbt(
        "run", "--select", "path:models/core/facts", "--vars", variables,
        asked={"reference_loads": reference_load_ids},
    )  # fmt: skip


def build_release_tables(release_id: int) -> None:
    """Computes the tables of the candidate. Raises TransformError."""
    dbt(
        "build", "--select", "tag:release", *MODELS_AND_TESTS,
        asked={"candidate": [release_id]}, options={"work_mem": WORK_MEM},
    )  # fmt: skip


def dbt(
    command: str,
    *arguments: str,
    asked: dict[str, list[int]] | None = None,
    options: dict[str, str] | None = None,
) -> None:
    """Runs dbt on the warehouse, as the role transformer, with these settings of PostgreSQL. Raises TransformError.

    What is asked for reaches the models as settings of their connection (see macros/loads.sql).
    """
    given = {f"mangnon.{name}": ",".join(map(str, ids)) for name, ids in (asked or {}).items()} | (options or {})
    project = PROJECT / "dbt_project"
    _target().mkdir(parents=True, exist_ok=True)
    address = conninfo_to_dict(url())
    environment = os.environ | {
        "MANGNON_DB_HOST": str(address["host"]),
        "MANGNON_DB_PORT": str(address.get("port", 5432)),
        "MANGNON_DB_USER": str(address["user"]),
        "MANGNON_DB_PASSWORD": str(address.get("password", "")),
        "MANGNON_DB_NAME": str(address["dbname"]),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PGOPTIONS": " ".join(f"-c {name}={value}" for name, value in given.items()),
    }
    result = run_process(
        [
            "--no-use-colors", command, *arguments, "--project-dir", str(project), "--profiles-dir", str(project),
            "--target-path", str(_target()), "--log-path", str(settings().home / "dbt" / "logs"),
        ],
        environment,
    )  # fmt: skip
    if result.returncode:
        raise TransformError(f"dbt {command} failed:\n{result.stdout[-6000:]}")


def run_process(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs `dbt` with these arguments in a process with this environment; its exit code, and all that it said."""
    return subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *arguments],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def _target() -> Path:
    """Where dbt keeps what it parsed: of each version of the code for itself, since going back it overlooks changes."""
    return settings().home / "dbt" / f"target-{code_hash()}"
