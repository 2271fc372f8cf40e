"""`mangnon doctor` and `mangnon metrics`: for the people who keep the system running."""

import sys

import click

from mangnon.watching import doctor as checks
from mangnon.watching import metrics as measured

COLOURS = {"ok": "green", "info": None, "unknown": "yellow", "to do": "red"}


@click.command()
def doctor() -> None:
    """Say in plain words what is wrong and what to do. Exit code 1: something must be done."""
    found = checks.examine()
    for finding in found:
        state = click.style(f"{finding.state:<8}", fg=COLOURS[finding.state], bold=finding.state == "to do")
        do = f". Do: {finding.do}" if finding.do else ""
        click.echo(f"{state} {finding.subject:<11} {finding.what}{do}")
    if any(finding.state == "to do" for finding in found):
        sys.exit(1)


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Serve them on this port until stopped.  [default: print once]"
)
@click.option("--address", default="127.0.0.1", show_default=True, help="The address to serve on.")
def metrics(port: int | None, address: str) -> None:
    """Print the metrics in Prometheus' format, or serve them."""
    if port is None:
        click.echo(measured.text(), nl=False)
        return
    try:
        measured.serve(address, port)
    except OSError as error:
        raise click.ClickException(f"{address}:{port} cannot be used: {error}") from error
