"""`mangnon tell`: sends feedback and reminders to the reporters."""

import click

from mangnon.cli.night import tell_all
from mangnon.telling import messages


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show who would be told what.")
def tell(dry_run: bool) -> None:
    """Put feedback workbooks and reminders into the outbox, and mail them where mail is configured."""
    if dry_run:
        told = [f"{reporter} {period}: {what}" for reporter, period, what in messages.would_tell()]
        click.echo("\n".join(told) or "There is nothing to tell.")
        return
    if not tell_all():
        click.echo("There was nothing to tell.")
