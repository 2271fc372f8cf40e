"""`mangnon prune`: removes the rows that no kept release shows, and restores them from the archive."""

import click

from mangnon.publishing import pruning


@click.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="How many of the newest releases to keep, besides the last one of each month.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--restore", type=int, metavar="RELEASE", help="Restore the rows of this release from the archive.")
def prune(keep: int, dry_run: bool, restore: int | None) -> None:
    """Remove the rows of loads that no kept release shows; the archive, the ledger and all reports stay."""
    if restore is not None:
        if dry_run:
            raise click.UsageError("--dry-run cannot be used with --restore")
        loads = pruning.restore(restore)
        click.echo(f"Release {restore} is whole again: {len(loads)} loads were read from the archive.")
        return
    pruned = pruning.prune(keep, dry_run)
    if not pruned.load_ids:
        click.echo("There is nothing to prune.")
        return
    click.echo(
        f"{'Would remove' if dry_run else 'Removed'} the rows of {len(pruned.load_ids)} loads, {pruned.rows} in all. "
        f"No longer whole: {', '.join(map(str, pruned.releases)) or 'no release'}."
    )
