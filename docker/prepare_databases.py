"""Brings both databases up to this image at every start, unless that is done already. The other containers wait."""

import os
import subprocess
import time

import psycopg
import sqlalchemy
from psycopg import sql

from mangnon import warehouse
from mangnon.settings import PROJECT

BUILD = (PROJECT / "build-id").read_text().strip()
SECONDS_TO_ANSWER = 120


def are_prepared() -> bool:
    """Returns whether this build of the image was the last to prepare both databases.

    Raises psycopg.OperationalError when a database does not answer.
    """
    return all(_prepared_by(address) == BUILD for address in _addresses())


def prepare_databases() -> None:
    """Waits for the databases, deploys the warehouse, migrates Airflow's metadata, then delivers the lists.

    The lists come last: they go into the archive, whose credentials Airflow may keep. What fails is raised, and the
    other containers do not start.
    """
    _wait_for_databases()
    if are_prepared():
        print("Both databases are up to date, skipped")
        return
    from mangnon.cli.deploy import deliver_lists_and_mark_inbox
    from mangnon.deployment import deploy
    from mangnon.orchestration import api

    deploy.deploy()
    if subprocess.run(["airflow", "db", "migrate"]).returncode:
        raise SystemExit("Airflow's metadata could not be migrated: see above")
    deliver_lists_and_mark_inbox()
    for address in _addresses():
        _note(address)
    print(
        f"Both databases are up to date. Airflow's user is {api.USER}; the password is in "
        f"{api.password_file()} in every container. `mangnon bi-url` there shows the address for BI."
    )


def _addresses() -> list[str]:
    metadata = sqlalchemy.make_url(os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]).set(drivername="postgresql")
    return [warehouse.url(), metadata.render_as_string(hide_password=False)]


def _wait_for_databases() -> None:
    until = time.monotonic() + SECONDS_TO_ANSWER
    while True:
        try:
            are_prepared()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def _prepared_by(address: str) -> str | None:
    with psycopg.connect(address, connect_timeout=5) as connection:
        row = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
        ).fetchone()
        return row[0] if row else None


def _note(address: str) -> None:
    with psycopg.connect(address) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("comment on database {} is {}").format(name, sql.Literal(BUILD)))


if __name__ == "__main__":
    prepare_databases()
