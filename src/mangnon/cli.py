"""The command line: every step of the nights, and what people ask afterwards. Exit code 1: failed; 2: wrong usage."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import click
import psycopg

from mangnon import watching
from mangnon.codes import CodeLists
from mangnon.commands import progress
from mangnon.commands.backfill import backfill
from mangnon.commands.explain import explain
from mangnon.commands.load import load, read
from mangnon.commands.page import page
from mangnon.commands.prune import prune
from mangnon.commands.release import release
from mangnon.commands.tell import tell, tell_all
from mangnon.commands.watch import doctor, metrics
from mangnon.forms.template import write_template
from mangnon.problems import Failure
from mangnon.settings import read_env_file


class Period(click.ParamType):
    """A month, such as 2020-03."""

    name = "YYYY-MM"

    def convert(self, value: str, param: click.Parameter | None, context: click.Context | None) -> date:
        """The first day of the month."""
        try:
            return date.fromisoformat(f"{value}-01")
        except ValueError:
            self.fail(f"{value!r} is no month: write it as 2020-03", param, context)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mangnon")
def cli() -> None:
    """Măng Non: what the districts reported about child protection, every morning, without a doubt."""
    read_env_file()
    progress.show()


@cli.command()
@click.option("--check", is_flag=True, help="Only say what BI would notice. Exit code 1: its queries would break.")
@click.option("--accept-changes", metavar="REASON", help="Deploy although queries break; the reason is kept.")
def deploy(check: bool, accept_changes: str | None) -> None:
    """Bring the warehouse up to this version: tables, roles, models, views, code lists."""
    from mangnon import deploy as deployment
    from mangnon import interface

    if check:
        found = deployment.look()
        click.echo(interface.as_text(found) or "BI would notice nothing.")
        sys.exit(1 if any(change.severity != "told" for change in found) else 0)
    deployment.deploy(accept_changes)
    click.echo("The warehouse is up to date; its code lists are in the inbox.")


@cli.command()
@click.option("--reporter", required=True, help="Code of the reporter, such as 193.")
@click.option("--period", type=Period(), required=True, help="The month that is reported on.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="The workbook to write.  [default: REPORTER_PERIOD.xlsx]"
)
def template(reporter: str, period: date, output: Path | None) -> None:
    """Write the blank workbook that a reporter fills in for a month."""
    code_lists = CodeLists.from_package()
    known = code_lists.reporters.get(reporter)
    if known is None:
        raise click.UsageError(f"there is no reporter {reporter}: one of {', '.join(code_lists.reporters)}")
    if not known.is_valid_in(period):
        raise click.UsageError(f"{known.name} ({reporter}) does not report for {period:%Y-%m}")
    output = output or Path(f"{reporter}_{period:%Y-%m}.xlsx")
    write_template(output, known, period, code_lists)
    click.echo(output)


@cli.command()
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to fill.")
def sample(output: Path) -> None:
    """Write synthetic submissions of 2019 and 2020, for trying and testing."""
    from mangnon.sample import write_sample

    click.echo(
        f"{write_sample(output)} synthetic submissions are in {output}; what they say of single districts is invented."
    )


@cli.command()
def night() -> None:
    """Do a whole night without Airflow: collect, load, model, judge, publish, tell the province and the reporters."""
    from mangnon import night as nights
    from mangnon import night_page
    from mangnon import publish as publishing

    read(nights.collect(), close=True)
    try:
        publishing.publish_all()
    finally:  # also after a refusal
        with suppress(night_page.NoNightYet):
            click.echo(f"Page of the night: {night_page.write()}")
        tell_all()


@cli.command()
def collect() -> None:
    """Archive what is new in the inbox."""
    from mangnon import night as nights

    waiting = nights.collect()
    click.echo(f"Deliveries wait to be read of: {', '.join(waiting)}." if waiting else "Nothing new.")


@cli.command()
def publish() -> None:
    """Model and judge the closed batches, and publish them as a new release."""
    from mangnon import publish as publishing

    publishing.publish_all()


@cli.command()
@click.argument("phase", type=click.Choice(["model", "judge-loads", "build-candidate", "judge-release", "flip"]))
@click.option("--release", type=int, help="The candidate, for judge-release and flip.")
def step(phase: str, release: int | None) -> None:
    """Do one phase of publishing by itself, for looking closely."""
    from mangnon import publish as publishing

    of_release: dict[str, Callable] = {"judge-release": publishing.judge_release, "flip": publishing.publish}
    of_batches: dict[str, Callable] = {
        "model": publishing.model,
        "judge-loads": publishing.judge_loads,
        "build-candidate": publishing.build_candidate,
    }
    if phase in of_release and release is None:
        raise click.UsageError(f"{phase} needs --release")
    outcome = of_release[phase](release) if phase in of_release else of_batches[phase](publishing.freeze())
    click.echo(f"{phase}: {'done' if outcome is None else outcome}")


@cli.command()
@click.option("--year", type=int, required=True, help="The year of the report.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "csv"]),
    default="text",
    show_default=True,
    help="Text for people, CSV for programs.",
)
@click.option("--release", type=int, help="As in this release.  [default: the newest]")
def report(year: int, shape: str, release: int | None) -> None:
    """Print the province's annual report."""
    from mangnon import report as reports
    from mangnon import warehouse

    with warehouse.connect("auditor", release) as connection:
        rows = reports.figures(connection, year)
        click.echo(reports.as_csv(rows) if shape == "csv" else reports.as_text(connection, rows), nl=False)


@cli.command()
@click.option("--period", type=Period(), help="Only this month.")
def status(period: date | None) -> None:
    """Show what was delivered, loaded, refused and published, and why not."""
    from mangnon import status as statuses
    from mangnon import warehouse

    with warehouse.connect("auditor") as connection:
        statuses.show(connection, period)


@cli.command("bi-url")
def bi_url() -> None:
    """Print the address for BI tools, with the password of bi_reader."""
    from mangnon import warehouse

    click.echo(warehouse.reader_url())


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("program")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def pg(program: str, arguments: tuple[str, ...]) -> None:
    """Run a program of PostgreSQL on the warehouse as its owner: psql, pg_dump, pg_restore."""
    from mangnon import server, warehouse

    given = {
        option.envvar.decode(): option.val.decode()
        for option in psycopg.pq.Conninfo.parse(warehouse.url().encode())
        if option.envvar and option.val
    }
    sys.exit(subprocess.run([server.program(program), *arguments], env=os.environ | given).returncode)


@cli.command()
def run() -> None:
    """Do the first night: sample, Airflow, release, report (what `make run` does)."""
    from mangnon import runs

    runs.run_first_night()


@cli.command()
def up() -> None:
    """Start PostgreSQL and Airflow, with the nightly schedule on."""
    from mangnon import deploy as deployment
    from mangnon import services

    deployment.deploy()
    services.up(nightly=True)


@cli.command()
def down() -> None:
    """Stop Airflow and PostgreSQL; leave no process behind."""
    from mangnon import server, services

    services.down()
    server.stop()


for command in (backfill, doctor, explain, load, metrics, page, prune, release, tell):
    cli.add_command(command)


def main() -> None:
    """Runs the command; what may well happen is said in one line, without a traceback."""
    watching.configure_logs(next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "help"))
    try:
        cli()
    except psycopg.errors.InvalidParameterValue as error:  # a release or a day that nobody can look at
        message = error.diag.message_primary
    except (Failure, psycopg.OperationalError) as failure:
        message = str(failure)
    else:
        return
    click.echo(f"mangnon: {message}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
