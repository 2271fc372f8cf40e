"""`mangnon prune`: removes what no kept release shows, and reads it from the archive again."""

import click

from mangnon.publishing import pruning


@click.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Keep the newest so many releases, beside the last one of each month.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--restore", type=int, metavar="RELEASE", help="Read what this release has lost from the archive again.")
def prune(keep: int, dry_run: bool, restore: int | None) -> None:
    """Remove the rows of loads that no kept release shows; the archive, the ledger and all reports stay."""
    if restore is not None:
        if dry_run:
            raise click.UsageError("--dry-run is for pruning: a restoring has nothing to show beforehand")
        loads = pruning.restore(restore)
        click.echo(f"Release {restore} is whole again: {len(loads)} loads were read from the archive.")
        return
    pruned = pruning.prune(keep, dry_run)
    if not pruned.load_ids:
        click.echo("Nothing is to be pruned.")
        return
    click.echo(
        f"{'Would lose' if dry_run else 'Lost'} their rows: {len(pruned.load_ids)} loads with {pruned.rows} rows. "
        f"No longer whole: {', '.join(map(str, pruned.releases)) or 'no release'}."
    )
