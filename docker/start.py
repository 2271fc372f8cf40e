"""Starts a component of Airflow once both databases are prepared for this image: start.py COMPONENT [OPTION]..."""

import os
import sys
import time

import psycopg
from prepare_databases import are_prepared

from mangnon.orchestration import config


def wait_until_prepared() -> None:
    """Waits without a limit: a component that gave up would only be started again."""
    told = False
    while not _are_prepared():
        if not told:
            print("Waiting for the container `prepare` to bring both databases up to this image")
            told = True
        time.sleep(2)


def _are_prepared() -> bool:
    try:
        return are_prepared()
    except psycopg.OperationalError:
        return False


def environment() -> dict[str, str]:
    """Returns our own environment, with Airflow's options for logs, metrics and lineage added."""
    return os.environ | {
        f"AIRFLOW__{section}__{option}".upper(): value
        for section, options in config.airflow_config().items()
        for option, value in options.items()
    }


if __name__ == "__main__":
    wait_until_prepared()
    os.execvpe("airflow", ["airflow", *sys.argv[1:]], environment())
