"""`mangnon release`: look back, compare, roll back, approve."""

from collections.abc import Iterable
from decimal import Decimal
from getpass import getuser

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mangnon import warehouse
from mangnon.ledger import releases
from mangnon.ledger.releases import ChangedLoad, Difference, Release
from mangnon.publishing import decisions
from mangnon.vietnamese import iso_moment


@click.group()
def release() -> None:
    """Look at releases, compare them, roll back to one, approve one."""


@release.command("list")
def list_releases() -> None:
    """Show every release, the newest first."""
    with warehouse.connect("auditor") as connection:
        rows = releases.list_all(connection)
    _print_table(
        ("release", "state", "when", "loads", "what"),
        ((row.release_id, _state(row), _moment(row), row.loads, _story(row)) for row in rows),
    )


@release.command()
@click.argument("number", type=int)
def show(number: int) -> None:
    """Show what a release is, and what it changed."""
    with warehouse.connect("auditor") as connection:
        row = releases.get(connection, number)
        before = releases.published_before(connection, number) if row.state != "refused" else None
        difference = releases.diff(connection, before, number) if before else None
    click.echo(f"Release {row.release_id}: {_state(row)}, {_moment(row)}, {row.loads} loads, code {row.fingerprint}")
    if story := _story(row):
        click.echo(story)
    for warning in row.warnings or []:
        click.echo(f"- {warning}")
    if difference:
        click.echo(f"\nAgainst release {before}:")
        _print_difference(difference)


@release.command()
@click.argument("old", type=int)
@click.argument("new", type=int)
def diff(old: int, new: int) -> None:
    """Show which figures changed from one release to another, and through which loads."""
    with warehouse.connect("auditor") as connection:
        difference = releases.diff(connection, old, new)
    _print_difference(difference)


@release.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why; the reason is kept with the new release.")
@click.option("--by", default=getuser, show_default="you", help="Who asks for it.")
def rollback(number: int, reason: str, by: str) -> None:
    """Publish a new release that shows what an earlier one showed."""
    new = decisions.roll_back(number, by, reason)
    click.echo(f"Release {new} is published: it shows what release {number} showed.")


@release.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why; the reason is kept with the release.")
@click.option("--by", default=getuser, show_default="you", help="Who approves it.")
def approve(number: int, reason: str, by: str) -> None:
    """Publish what a refused release offered, despite its warnings."""
    decisions.approve(number, by, reason)


def _print_difference(difference: Difference) -> None:
    loads = difference.loads
    if difference.figures:
        _print_table(
            ("year", "figure", "from", "to", "change", "label"),
            (
                (
                    figure.year, figure.figure, _number(figure.old_value), _number(figure.new_value),
                    _number(figure.change, sign=True), f"{figure.figure_label} ({figure.unit})",
                )
                for figure in difference.figures
            ),
        )  # fmt: skip
    else:
        click.echo("No figure of the annual report changed.")
    click.echo(
        f"\nLoads: {difference.added} added, {difference.removed} removed, {difference.replaced} replaced"
        f"{':' if loads else '.'}"
    )
    if loads:
        _print_table(
            ("reporter", "period", "form", "figures", "load", "revision", "file", "reason on the cover"),
            (
                (
                    load.reporter_code, f"{load.period:%Y-%m}", load.form, _figures_of(load, difference),
                    _arrow(load.old_load, load.new_load), _arrow(load.old_revision, load.new_revision),
                    _arrow(load.old_file, load.new_file), load.reason or "",
                )
                for load in loads
            ),
        )  # fmt: skip


def _figures_of(load: ChangedLoad, difference: Difference) -> str:
    """Returns the codes of the changed figures that the load may have changed."""
    number = load.new_load or load.old_load
    return " ".join(sorted({figure.figure for figure in difference.figures if number in figure.loads}))


def _state(release: Release) -> str:
    state = "visible" if release.is_visible else release.state
    return f"{state}, pruned" if release.pruned_at else state


def _moment(release: Release) -> str:
    return iso_moment(release.published_at or release.created_at)


def _story(release: Release) -> str:
    told = [
        f"restores release {release.restores}" if release.restores else None,
        f"asked for by {release.requested_by}: {release.request_reason}" if release.requested_by else None,
        release.state_reason,
        f"published despite warnings, approved by {release.approved_by}: {release.approval_reason}"
        if release.warnings
        else None,
    ]
    return "; ".join(filter(None, told))


def _number(value: Decimal | None, sign: bool = False) -> str:
    if value is None:
        return "not known"
    return f"{value.normalize():{'+' if sign else ''},f}"


def _arrow(old: object, new: object) -> str:
    return f"{'none' if old is None else old} → {'none' if new is None else new}"


def _print_table(headings: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = 200  # wide enough that a file or a pipe gets the whole text
    table = Table(*headings, box=box.SIMPLE_HEAD)
    for row in rows:
        # Text, not markup: what a cover says must not change how it is shown.
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table)
