"""`mangnon status`: what was delivered, loaded, refused and published, and why not."""

from datetime import date, datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mangnon import warehouse
from mangnon.cli.periods import Period
from mangnon.vietnamese import iso_moment
from mangnon.watching import status as statuses


@click.command()
@click.option("--period", type=Period(), help="Only this month.")
def status(period: date | None) -> None:
    """Show what was delivered, loaded, refused and published, and why not."""
    console = Console()
    if not console.is_terminal:
        console.width = 160  # wide enough that a file or a pipe gets the whole text
    with warehouse.connect("auditor") as connection:
        for title, rows in statuses.tables(connection, period).items():
            console.print(_table(title, rows))
        if wrong := statuses.wrong_with_inbox():
            console.print(Text(f"No night can collect: {wrong}", style="bold red"))
        if statuses.has_synthetic(connection):
            console.print("Some deliveries are synthetic: their figures of single districts are invented.")


def _table(title: str, rows: list[dict[str, Any]]) -> Table | str:
    if not rows:
        return f"{title}: none\n"
    table = Table(*rows[0], title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(_shown, row.values()))
    return table


def _shown(value: object) -> Text:
    # Text, not markup: what a file says must not change how it is shown.
    return Text(iso_moment(value) if isinstance(value, datetime) else str(value))
