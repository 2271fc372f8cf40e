"""`mangnon page`: the page of the night, for officers."""

import click


@click.command()
def page() -> None:
    """Write the page of the newest night into the outbox: who reported, what was refused, what changed."""
    from mangnon import night_page

    click.echo(night_page.write())
