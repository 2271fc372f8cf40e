"""`mangnon run`, `up` and `down`: PostgreSQL and Airflow of this checkout."""

import click

from mangnon.cli.deploy import bring_up
from mangnon.cli.first_night import run_first_night
from mangnon.orchestration import services
from mangnon.warehouse import server


@click.command()
def run() -> None:
    """Run the first night: sample, Airflow, release, report (what `make run` does)."""
    run_first_night()


@click.command()
def up() -> None:
    """Start PostgreSQL and Airflow, with the nightly schedule on."""
    bring_up()
    services.up(nightly=True)


@click.command()
def down() -> None:
    """Stop Airflow and PostgreSQL; leave no process behind."""
    services.down()
    server.stop()
