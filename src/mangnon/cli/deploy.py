"""`mangnon deploy`: brings the warehouse up to this version, or shows which queries of BI that would break."""

import sys

import click

from mangnon.cli.reference import show
from mangnon.deployment import deploy as deployment
from mangnon.deployment import interface
from mangnon.publishing import lists


@click.command()
@click.option("--check", is_flag=True, help="Only show what BI would notice. Exit code 1: its queries would break.")
@click.option("--accept-changes", metavar="REASON", help="Deploy even if BI's queries break; the reason is kept.")
def deploy(check: bool, accept_changes: str | None) -> None:
    """Bring the warehouse up to this version: tables, roles, models, views, code lists."""
    if check:
        found = deployment.preview()
        click.echo(interface.as_text(found) or "BI would notice nothing.")
        sys.exit(1 if any(change.severity != "told" for change in found) else 0)
    bring_up(accept_changes)
    click.echo("The warehouse is up to date.")


def bring_up(accept_changes: str | None = None) -> None:
    """Brings the warehouse up to this version, and delivers the package's lists that are new.

    Raises what deploying raises, and click.ClickException when a list was refused.
    """
    deployment.deploy(accept_changes)
    outcomes = lists.deliver_packaged()
    show([one for one in outcomes if one.is_new])
    if not all(one.is_accepted for one in outcomes):
        raise click.ClickException("the warehouse is up to date, but not with all lists of this version")
