"""The first night: publishes the sample through Airflow and prints the annual report."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from mangnon import warehouse
from mangnon.cli.deploy import bring_up
from mangnon.orchestration.runs import run_night
from mangnon.sample import write_sample
from mangnon.serving import annual_report, night_page
from mangnon.settings import settings
from mangnon.stores import open_store


def run_first_night() -> None:
    """Publishes the sample through Airflow and prints the report of 2020. Repeating it does nothing a second time.

    Raises ServiceError when the night failed.
    """
    click.echo("Warehouse: making or upgrading its tables, roles and models")
    bring_up()
    _deliver_sample()
    run_night()
    with warehouse.connect("auditor") as connection:
        click.echo(f"\n{annual_report.as_text(connection, annual_report.figures(connection, 2020))}")
    click.echo(f"The page of the night, for officers: {settings().outbox}/{night_page.FOLDER}/index.html")
    if not settings().airflow_url:
        click.echo(
            "PostgreSQL keeps running. Next:\n"
            "  make up      starts Airflow with its UI; it publishes what is in the inbox every night at 01:30\n"
            "  make down    stops everything\n"
            "  make status  shows who has sent what; make help shows the rest"
        )


def _deliver_sample() -> None:
    inbox = open_store("inbox")
    with TemporaryDirectory(prefix="mangnon-") as folder:
        count = write_sample(Path(folder))
        files = {f"{path.parent.name}/sample/{path.name}": path for path in Path(folder).glob("*/*")}
        missing = sorted(files.keys() - {entry.path for entry in inbox.look().files})
        if not missing:
            click.echo("Sample: is in the inbox already, skipped")
            return
        click.echo("Sample: writing synthetic submissions of 2019 and 2020 into the inbox")
        for path in missing:
            inbox.put(files[path], path)
    click.echo(f"Sample: {count} files")
