"""`mangnon archive`: checks the archive, and makes the deliveries of a warehouse from it alone."""

import getpass
import sys
from datetime import datetime
from pathlib import Path

import click

from mangnon.intake import archive_checks, rebuilding
from mangnon.publishing import lists


@click.group()
def archive() -> None:
    """Check the archive, or deliver all of it to an empty warehouse."""


@archive.command()
def check() -> None:
    """Read every archived file and compare it with its sha256. Exit code 1: some are damaged or missing."""
    checked = archive_checks.check()
    click.echo(str(checked))
    if checked.faults:
        sys.exit(1)


@archive.command()
def deliver() -> None:
    """Note every archived file as a delivery, in the order in which they arrived; `mangnon night` then reads them."""
    delivered = rebuilding.deliver_archive(_deliver_lists)
    click.echo(f"{delivered.new} deliveries are noted, {delivered.known} were known. Now run: mangnon night")
    for path in delivered.without_note:
        click.echo(f"No note says who sent it: {path}", err=True)
    for said in delivered.failed:
        click.echo(f"Not delivered: {said}", err=True)
    if delivered.failed or delivered.without_note:
        sys.exit(1)


def _deliver_lists(paths: list[Path], delivered_at: datetime) -> None:
    """Delivers lists of reference data again, and says if one is refused."""
    for outcome in lists.deliver(paths, getpass.getuser(), "rebuilt from the archive", delivered_at):
        if not outcome.is_accepted:
            reasons = "; ".join(outcome.reasons)
            click.echo(f"{outcome.file_name} is refused, as it may have been before: {reasons}", err=True)
