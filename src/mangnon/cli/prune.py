"""`mangnon prune`: removes what no kept release shows, and restores it from the archive."""

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
@click.option("--restore", type=int, metavar="RELEASE", help="Restore this release from the archive.")
def prune(keep: int, dry_run: bool, restore: int | None) -> None:
    """Remove what no kept release shows; the archive, the ledger, annual reports and changes stay."""
    if restore is not None:
        if dry_run:
            raise click.UsageError("--dry-run cannot be used with --restore")
        loads = pruning.restore(restore)
        click.echo(f"Release {restore} is whole again: {len(loads)} loads were read from the archive.")
        return
    pruned = pruning.prune(keep, dry_run)
    computed = len(pruned.releases) + len(pruned.others)
    if not pruned.load_ids and not computed:
        click.echo("There is nothing to prune.")
        return
    click.echo(
        f"{'Would remove' if dry_run else 'Removed'} the rows of {len(pruned.load_ids)} loads, {pruned.rows} in all, "
        f"and what was computed for {computed} releases. "
        f"No longer whole: {', '.join(map(str, pruned.releases)) or 'no release'}."
    )
