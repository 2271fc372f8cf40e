"""`mangnon page`: the page of the night, for officers."""

import click

from mangnon.serving import night_page


@click.command()
def page() -> None:
    """Write the page of the newest night into the outbox: who reported, what was refused, what changed."""
    click.echo(night_page.write())
