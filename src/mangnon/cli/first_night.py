"""The first night: publishes the sample through Airflow and prints the annual report."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click
import fsspec

from mangnon import warehouse
from mangnon.cli.deploy import bring_up
from mangnon.orchestration.runs import run_night
from mangnon.sample import write_sample
from mangnon.serving import annual_report, night_page
from mangnon.settings import settings


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
    files, inbox = fsspec.url_to_fs(settings().inbox)
    target = f"{inbox}/sample"
    if files.exists(target):
        click.echo("Sample: is in the inbox already, skipped")
        return
    click.echo("Sample: writing synthetic submissions of 2019 and 2020 into the inbox")
    with TemporaryDirectory(prefix="mangnon-") as folder:
        count = write_sample(Path(folder) / "sample")
        files.put(f"{folder}/sample/", f"{target}.part/", recursive=True)
    files.mv(f"{target}.part", target, recursive=True)  # a killed command leaves no half sample
    click.echo(f"Sample: {count} files")
