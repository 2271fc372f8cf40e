"""Runs dbt: each call is a process of its own, since dbt keeps global state."""

import json
import os
import subprocess
import sys
import time
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from mangnon import warehouse
from mangnon.problems import Failure
from mangnon.settings import PROJECT, settings

# What a deployment models: empty tables.
NOTHING = {"batches": [], "release_id": 0, "reference_load_ids": []}
PAUSES_BETWEEN_ATTEMPTS = (1, 5, 15, 60)  # seconds

# A night does not run the unit tests again: they need no data.
MODELS_AND_TESTS = ("--resource-type", "model", "--resource-type", "test")


class TransformError(Failure):
    """dbt failed; the message holds what it said."""


def deploy() -> None:
    """Makes dbt's tables where they are missing, and replaces the views whose SQL changed. Raises TransformError.

    A view is replaced only when no reader holds it: rather than making the next readers wait behind one who lingers,
    the attempt gives up at once and is made again later.
    """
    for pause in PAUSES_BETWEEN_ATTEMPTS:
        try:
            return dbt("run", "--select", "*", variables=NOTHING)
        except TransformError as error:
            if "lock timeout" not in str(error):
                raise
        time.sleep(pause)
    dbt("run", "--select", "*", variables=NOTHING)


def model(batches: list[int], reference_load_ids: list[int]) -> None:
    """Appends the rows of these batches' loads to the core, and tests them. Raises TransformError."""
    variables = {"batches": batches, "release_id": 0, "reference_load_ids": reference_load_ids}
    dbt("build", "--select", "tag:night", *MODELS_AND_TESTS, variables=variables)


def model_again(load_ids: list[int], reference_load_ids: list[int]) -> None:
    """Appends the rows of pruned loads to the facts again, which hold none of them. Raises TransformError."""
    variables = {"batches": [], "restored_load_ids": load_ids, "reference_load_ids": reference_load_ids}
    dbt("run", "--select", "path:models/core/facts", variables=variables)


def build_release_tables(release_id: int) -> None:
    """Computes the tables of the candidate. Raises TransformError."""
    variables = {"batches": [], "release_id": release_id, "reference_load_ids": []}
    dbt("build", "--select", "tag:release", *MODELS_AND_TESTS, variables=variables)


def dbt(command: str, *arguments: str, variables: dict[str, Any]) -> None:
    """Runs dbt on the warehouse, as the role transformer. Raises TransformError."""
    project = PROJECT / "dbt_project"
    folder = settings().home / "dbt"
    folder.mkdir(parents=True, exist_ok=True)
    address = conninfo_to_dict(warehouse.url())
    environment = os.environ | {
        "MANGNON_DB_HOST": str(address["host"]),
        "MANGNON_DB_PORT": str(address.get("port", 5432)),
        "MANGNON_DB_USER": str(address["user"]),
        "MANGNON_DB_PASSWORD": str(address.get("password", "")),
        "MANGNON_DB_NAME": str(address["dbname"]),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    result = subprocess.run(
        [
            sys.executable, "-m", "dbt.cli.main", "--no-use-colors", command, *arguments,
            "--vars", json.dumps(variables), "--project-dir", str(project), "--profiles-dir", str(project),
            "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
        ],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if result.returncode:
        raise TransformError(f"dbt {command} failed:\n{result.stdout[-6000:]}")
