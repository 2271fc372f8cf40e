"""Starts a component of Airflow once both databases are prepared for this image: start.py COMPONENT [OPTION]..."""

import os
import sys
import time

import psycopg
from prepare_databases import are_prepared


def wait_until_prepared() -> None:
    """However long it takes: a component that gives up would only be started again."""
    told = False
    while not _are_prepared():
        if not told:
            print("Waiting until the container `prepare` has brought both databases up to this image")
            told = True
        time.sleep(2)


def _are_prepared() -> bool:
    try:
        return are_prepared()
    except psycopg.OperationalError:
        return False


if __name__ == "__main__":
    wait_until_prepared()
    os.execvp("airflow", ["airflow", *sys.argv[1:]])
