"""`mangnon deploy`: brings the warehouse up to this version, or shows which queries of BI that would break."""

import sys

import click

from mangnon.deployment import deploy as deployment
from mangnon.deployment import interface
from mangnon.deployment.inbox_mark import mark_inbox as mark


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
    deployment.deploy(accept_changes)
    if wrong := mark(mark_inbox):
        click.echo(f"mangnon: no night can collect: {wrong}", err=True)
    click.echo("The warehouse is up to date; its code lists are in the inbox.")
