"""`mangnon reference`: delivers lists of reference data, and shows which count."""

import sys
from getpass import getuser
from pathlib import Path
from typing import Any

import click

from mangnon import warehouse
from mangnon.contract.forms import reference_forms
from mangnon.publishing import lists
from mangnon.publishing.lists import Outcome
from mangnon.vietnamese import iso_moment


@click.group()
def reference() -> None:
    """Deliver lists of reference data, and show which count."""


@reference.command()
@click.argument(
    "files", metavar="FILE…", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--by", default=getuser, show_default="you", help="Who delivers them.")
@click.option("--reason", required=True, help="Why; it is kept with the lists.")
def deliver(files: tuple[Path, ...], by: str, reason: str) -> None:
    """Deliver lists: each is accepted and counts from now on, or refused, and the one in use stays.

    The next publishing shows accepted lists to readers. Exit code 1: a list was refused.
    """
    if not reason.strip() or not by.strip():
        raise click.UsageError("--by and --reason are kept with the lists: neither may be empty")
    show(outcomes := lists.deliver(files, by.strip(), reason.strip()))
    if not all(one.is_accepted for one in outcomes):
        sys.exit(1)


@reference.command("list")
def list_all() -> None:
    """Show for each list which delivery counts, since when, who delivered it and why."""
    with warehouse.connect("auditor") as connection:
        _print(lists.in_use(connection))


@reference.command("show")
@click.argument("name", metavar="LIST", type=click.Choice([form.name for form in reference_forms()]))
def show_one(name: str) -> None:
    """Show every delivery of a list, newest first."""
    with warehouse.connect("auditor") as connection:
        _print(lists.history(connection, name))


def show(outcomes: list[Outcome]) -> None:
    """Prints what became of delivered lists."""
    for one in outcomes:
        subject = f"{one.form} ({one.file_name})" if one.form else one.file_name
        if not one.is_accepted:
            click.echo(f"{subject} was refused; what counted before counts on:", err=True)
            for reason in one.reasons:
                click.echo(f"  {reason}", err=True)
        elif one.is_new:
            click.echo(f"{subject} counts from now on as revision {one.revision}, {one.rows} rows.")
        else:
            click.echo(f"{subject} already counts, as revision {one.revision}: nothing to do.")


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("No list was delivered yet: `mangnon deploy` delivers those of the package.")
    for row in rows:
        since = f" since {iso_moment(row['since'])}" if row["since"] and row["state"] == "counts" else ""
        click.echo(f"{row['list']} revision {row['revision']}: {row['state']}{since}, {row['rows']} rows")
        click.echo(
            f"  {row['file']} (load {row['load']}), {iso_moment(row['delivered'])}, "
            f"by {row['delivered_by']}: {row['reason'] or 'no reason was noted'}"
        )
