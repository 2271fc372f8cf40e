"""`mangnon load`: reads the collected deliveries; holds a load, and lets it count again."""

from getpass import getuser

import click

from mangnon.cli.night import read
from mangnon.publishing import decisions


@click.group(invoke_without_command=True)
@click.option("--reporter", help="Only this reporter's deliveries.")
@click.option("--close/--no-close", default=True, show_default=True, help="Close the night's batch afterwards.")
@click.pass_context
def load(context: click.Context, reporter: str | None, close: bool) -> None:
    """Read the collected deliveries into raw; or hold a load and let it count again."""
    if context.invoked_subcommand is None:
        read([reporter] if reporter else None, close)


@load.command()
@click.argument("number", metavar="LOAD", type=int)
@click.option("--reason", required=True, help="Why you hold it; the reporter reads this.")
@click.option("--by", default=getuser, show_default="you", help="Who holds it.")
def hold(number: int, reason: str, by: str) -> None:
    """Stop a load from counting, and publish a release without it."""
    if decisions.hold(number, by, reason) is None:
        click.echo(f"Load {number} is held. What readers see does not change.")


@load.command()
@click.argument("number", metavar="LOAD", type=int)
@click.option("--by", default=getuser, show_default="you", help="Who lets it count.")
def count(number: int, by: str) -> None:
    """Let a held load count again, by its revision, and publish a release with it."""
    if decisions.let_count(number, by) is None:
        click.echo(f"Load {number} is no longer held. What readers see does not change.")


# The name of this command until version 0.1.
load.add_command(
    click.Command(
        "release", callback=count.callback, params=count.params, hidden=True,
        deprecated="it is `mangnon load count` now, since a release is what readers see",
    )
)  # fmt: skip
