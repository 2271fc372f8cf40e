"""`mangnon report`: the province's annual report."""

import click

from mangnon import warehouse
from mangnon.serving import annual_report


@click.command()
@click.option("--year", type=int, required=True, help="The year of the report.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "csv"]),
    default="text",
    show_default=True,
    help="Text for people, CSV for programs.",
)
@click.option("--release", type=int, help="The release to look at.  [default: the newest]")
def report(year: int, shape: str, release: int | None) -> None:
    """Print the province's annual report."""
    with warehouse.connect("auditor", release) as connection:
        rows = annual_report.figures(connection, year)
        text = annual_report.as_csv(rows) if shape == "csv" else annual_report.as_text(connection, rows)
    click.echo(text, nl=False)
