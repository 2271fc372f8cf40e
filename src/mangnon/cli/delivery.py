"""`mangnon delivery`: sets a delivery aside, or has it read again."""

from getpass import getuser

import click

from mangnon.intake import set_aside


@click.group()
def delivery() -> None:
    """Set a delivery aside, or have it read again. `mangnon status` shows those whose reading failed."""


@delivery.command()
@click.argument("number", metavar="DELIVERY", type=int)
@click.option("--reason", required=True, help="Why it is not read; the reporter reads this.")
@click.option("--by", default=getuser, show_default="you", help="Who sets it aside.")
def refuse(number: int, reason: str, by: str) -> None:
    """Set a delivery aside: it is not read, and what was read of it is not published."""
    set_aside.refuse(number, by, reason)
    click.echo(f"Delivery {number} is set aside.")


@delivery.command()
@click.argument("number", metavar="DELIVERY", type=int)
@click.option("--reason", required=True, help="Why it may be read now.")
@click.option("--by", default=getuser, show_default="you", help="Who has it read again.")
def retry(number: int, reason: str, by: str) -> None:
    """Read a refused delivery again in the next night."""
    set_aside.retry(number, by, reason)
    click.echo(f"The next night reads delivery {number} again.")
