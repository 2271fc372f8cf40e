"""`mangnon explain`: shows the cells behind a figure."""

import click

from mangnon import warehouse
from mangnon.serving.explanation import as_csv, as_text
from mangnon.serving.explanation import explain as explained


@click.command()
@click.argument("figure")
@click.option("--year", type=int, required=True, help="The year of the report.")
@click.option("--release", type=int, help="The release to look at.  [default: the newest]")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "csv"]),
    default="text",
    show_default=True,
    help="Text for people, CSV for programs.",
)
def explain(figure: str, year: int, release: int | None, shape: str) -> None:
    """Show the cells behind a figure of the annual report, with file, sheet, row and sha256."""
    with warehouse.connect("auditor", release) as connection:
        explanation = explained(connection, figure.upper(), year)
    click.echo(as_csv(explanation) if shape == "csv" else as_text(explanation), nl=False)
