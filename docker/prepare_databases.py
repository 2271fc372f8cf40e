"""At every start, before Airflow: brings both databases up to this image, unless it has done so before."""

import os
import subprocess
import time

import psycopg
import sqlalchemy
from psycopg import sql

from mangnon import warehouse
from mangnon.settings import PROJECT

BUILD = (PROJECT / "build-id").read_text().strip()
SECONDS_TO_START = 120


def prepare_databases() -> None:
    """Waits for the databases, then deploys the warehouse and migrates Airflow's metadata, side by side.

    Raises what went wrong, so that nothing is started.
    """
    metadata = sqlalchemy.make_url(os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]).set(drivername="postgresql")
    addresses = [warehouse.url(), metadata.render_as_string(hide_password=False)]
    if all(_prepared_for(address) == BUILD for address in addresses):
        print("Both databases are up to date, skipped")
        return
    from mangnon import deploy, services

    with subprocess.Popen(["airflow", "db", "migrate"]) as migration:
        deploy.deploy()
    if migration.returncode:
        raise SystemExit("Airflow's metadata could not be migrated: see above")
    for address in addresses:
        _note(address)
    print(
        f"Both databases are up to date. Airflow's user is {services.USER}; the password is in "
        f"{services.password_file()} in every container. `mangnon bi-url` there shows the address for BI."
    )


def _prepared_for(address: str) -> str | None:
    """The build of the image that the database was prepared for last; waits until the database answers."""
    until = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with psycopg.connect(address, connect_timeout=5) as connection:
                query = (
                    "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
                )
                row = connection.execute(query).fetchone()
                return row and row[0]
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def _note(address: str) -> None:
    with psycopg.connect(address) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("comment on database {} is {}").format(name, sql.Literal(BUILD)))


if __name__ == "__main__":
    prepare_databases()
