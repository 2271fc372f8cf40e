"""`mangnon load`: read what was collected; hold what is wrong, and let it count again."""

from getpass import getuser

import click


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
@click.option("--reason", required=True, help="Why; the reporter is told.")
@click.option("--by", default=getuser, show_default="you", help="Who holds it.")
def hold(number: int, reason: str, by: str) -> None:
    """Take a load out of what counts, and publish a release without it."""
    from mangnon import releases

    if releases.hold(number, by, reason) is None:
        click.echo(f"Load {number} is held; what readers see does not change by that.")


@load.command()
@click.argument("number", metavar="LOAD", type=int)
@click.option("--by", default=getuser, show_default="you", help="Who releases it.")
def release(number: int, by: str) -> None:
    """Let a held load count again, by its revision, and publish a release with it."""
    from mangnon import releases

    if releases.let_count(number, by) is None:
        click.echo(f"Load {number} is held no more; what readers see does not change by that.")


def read(reporters: list[str] | None, close: bool) -> None:
    """Reads the waiting deliveries of these reporters, or of all; one that fails holds up no other."""
    from mangnon import load as loading
    from mangnon import night as nights
    from mangnon import warehouse

    if reporters is None:
        with warehouse.connect("loader") as connection:
            reporters = loading.reporters_with_pending(connection)
    failed = []
    for reporter in reporters:
        try:
            counts = nights.load(reporter)
        except Exception as error:
            failed.append(f"{reporter}: {error}")
            continue
        click.echo(f"{reporter}: {counts['loads']} loads, {counts['refused']} of them refused")
    if close:
        nights.close()
    if failed:
        raise click.ClickException("not everything was loaded; run it again when mended:\n" + "\n".join(failed))
