"""`mangnon deploy`: brings the warehouse up to this version, or shows which queries of BI that would break."""

import sys

import click

from mangnon import warehouse
from mangnon.cli.reference import show
from mangnon.deployment import deploy as deployment
from mangnon.deployment import interface
from mangnon.deployment.inbox_mark import mark_inbox as mark
from mangnon.intake import inbox, places
from mangnon.publishing import lists
from mangnon.stores import StoreFailure


@click.command()
@click.option("--check", is_flag=True, help="Only show what BI would notice. Exit code 1: its queries would break.")
@click.option("--accept-changes", metavar="REASON", help="Deploy even if BI's queries break; the reason is kept.")
@click.option("--mark-inbox", is_flag=True, help="Take the inbox for the right one, even if it is new or empty.")
def deploy(check: bool, accept_changes: str | None, mark_inbox: bool) -> None:
    """Bring the warehouse up to this version: tables, roles, models, views, code lists."""
    if check:
        found = deployment.preview()
        click.echo(interface.as_text(found) or "BI would notice nothing.")
        sys.exit(1 if any(change.severity != "told" for change in found) else 0)
    bring_up(accept_changes, mark_inbox)
    click.echo("The warehouse is up to date.")


def bring_up(accept_changes: str | None = None, is_inbox_sure: bool = False) -> None:
    """Brings the warehouse up to this version, delivers the package's lists that are new, and marks the inbox.

    Raises what deploying raises, and click.ClickException when a list was refused.
    """
    deployment.deploy(accept_changes)
    deliver_lists_and_mark_inbox(is_inbox_sure)


def deliver_lists_and_mark_inbox(is_inbox_sure: bool = False) -> None:
    """Delivers the package's lists that are new, and marks the inbox. Raises click.ClickException: one was refused."""
    outcomes = lists.deliver_packaged()
    show([one for one in outcomes if one.is_new])
    if wrong := mark(is_inbox_sure):
        click.echo(f"mangnon: no night can collect: {wrong}", err=True)
    _look_through_inbox()
    if not all(one.is_accepted for one in outcomes):
        raise click.ClickException("the warehouse is up to date, but not with all lists of this version")


def _look_through_inbox() -> None:
    """Says how many files lie in no place of the inbox, as all do in an inbox that was flat, and how to move them."""
    try:
        with warehouse.connect("loader") as connection:
            misplaced = inbox.look_for_misplaced(connection)
    except StoreFailure as error:
        click.echo(f"The inbox could not be looked through: {error}. `mangnon doctor` says more.", err=True)
    else:
        if misplaced:
            click.echo(f"{misplaced} files lie in no place of the inbox and will not be read: {places.HOW_TO_MOVE}.")
