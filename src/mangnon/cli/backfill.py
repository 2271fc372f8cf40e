"""`mangnon backfill`: after code or code lists changed, reads archived deliveries again and publishes one release."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import click

from mangnon import warehouse
from mangnon.contract.forms import submission_forms
from mangnon.deployment import deploy
from mangnon.orchestration import runs
from mangnon.publishing import backfills
from mangnon.settings import TIMEZONE
from mangnon.vietnamese import iso_moment

MONTH = click.DateTime(["%Y-%m"])


@click.command()
@click.option("--from", "first", type=MONTH, metavar="YYYY-MM", help="The first month.")
@click.option("--to", "last", type=MONTH, metavar="YYYY-MM", help="The last month.")
@click.option("--reason", help="Why you do it; the reason is kept with the backfill.")
@click.option("--reporter", help="Only this reporter's deliveries, such as 193.")
@click.option("--form", help="Only this form, such as incidents.")
@click.option("--dry-run", is_flag=True, help="Only show what is stale and what would be done.")
@click.option("--list", "list_them", is_flag=True, help="Show the backfills so far, and the releases they led to.")
def backfill(
    first: datetime | None,
    last: datetime | None,
    reason: str | None,
    reporter: str | None,
    form: str | None,
    dry_run: bool,
    list_them: bool,
) -> None:
    """Read archived deliveries again where the code or the code lists changed, and publish them as one release.

    Run the same command again to resume an interrupted backfill.
    """
    if list_them:
        with warehouse.connect("auditor") as connection:
            for row in backfills.history(connection) or [{}]:
                click.echo(_described(row) if row else "There was no backfill yet.")
        return
    scope = backfills.Scope(*_months(first, last), reporter or None, _known(form))
    with warehouse.connect("auditor") as connection:
        months = backfills.stale_months(connection, scope)
        unfinished = backfills.unfinished(connection, scope)
    _show(months)
    if unfinished:
        click.echo(f"Backfill {unfinished} of the same months is not finished: it will be resumed.")
    elif not any(month.stale_loads for month in months):
        click.echo("Nothing is stale: nothing to do. (A code list in the inbox counts only after the next night.)")
        return
    if dry_run:
        click.echo("Dry run: nothing was changed.")
        return
    _do(scope, months, unfinished, reason)


def _do(scope: backfills.Scope, months: list[backfills.Month], unfinished: int | None, reason: str | None) -> None:
    if unfinished is None and not (reason or "").strip():
        raise click.UsageError('say why with --reason (make backfill … REASON="…"): the backfill keeps the reason')
    click.echo("Warehouse: bringing its models up to this version of the code")
    deploy.deploy()
    with warehouse.connect("loader") as connection:
        if unfinished:
            backfills.resume(connection, unfinished, months)
        backfill_id = unfinished or backfills.begin(connection, scope, (reason or "").strip())
    click.echo(f"Backfill {backfill_id}:")
    _run(backfill_id)
    with warehouse.connect("auditor") as connection:
        done = next(row for row in backfills.history(connection) if row["backfill_id"] == backfill_id)
        refused = backfills.refused(connection, backfill_id)
    click.echo(_described(done))
    for line in refused_lines(refused):
        click.echo(line)


def _run(backfill_id: int) -> None:
    """Runs a backfill in Airflow until it is published. Months that are done are not read again.

    Raises BackfillUnfinished, which names the months that failed, and ServiceError.
    """
    since = datetime.now(UTC)
    with runs.at_work(runs.REPROCESSING):
        runs.wait_for_backfills()
        if months := backfills.unfinished_months(backfill_id):
            runs.reprocess(months[0], months[-1], {"backfill_id": backfill_id})
        if months := backfills.unfinished_months(backfill_id):
            raise backfills.BackfillUnfinished(
                f"backfill {backfill_id} is not finished: {', '.join(f'{month:%Y-%m}' for month in months)} failed, "
                "so nothing is published. The logs of the red tasks say why. Mend it, then run the same command again"
            )
        with warehouse.connect("loader") as connection:
            state = backfills.batch_state(connection, backfill_id)
        if state == "closed":
            runs.publish_what_closed(runs.REPROCESSING, since)


def _months(first: datetime | None, last: datetime | None) -> tuple[date, date]:
    if first is None or last is None:
        raise click.UsageError("say which months: --from 2020-01 --to 2020-12")
    if first > last:
        raise click.UsageError(f"--from {first:%Y-%m} is later than --to {last:%Y-%m}")
    if last.date() > datetime.now(TIMEZONE).date():
        raise click.UsageError(f"--to {last:%Y-%m} is in the future")
    return first.date(), last.date()


def _known(form: str | None) -> str | None:
    forms = sorted(one.name for one in submission_forms())
    if form and form not in forms:
        raise click.UsageError(f"there is no form {form}; the forms are {', '.join(forms)}")
    return form or None


def _show(months: list[backfills.Month]) -> None:
    for month in months:
        stale = (
            f"; to read again: {_counted([month])} ({month.stale_forms or 'whole files'})" if month.stale_loads else ""
        )
        click.echo(
            f"{month.period:%Y-%m}  {month.deliveries:3} deliveries, {month.current_loads:3} current loads{stale}"
        )
    click.echo(f"To read again in total, for one release: {_counted(months)}")


def _counted(months: list[backfills.Month]) -> str:
    deliveries = sum(month.stale_deliveries for month in months)
    return f"{deliveries} deliveries, {sum(month.stale_loads for month in months)} loads"


def refused_lines(refused: list[backfills.RefusedAgain]) -> Iterator[str]:
    """Yields what a backfill refused, line by line."""
    if refused:
        counting = sum(one.still_counts for one in refused)
        yield f"Refused: {len(refused)}. Of these, {counting} were read before and still count as they were read then:"
    for one in refused:
        yield f"  {one.month:%Y-%m}  {one.file_name}, {one.form or 'the whole file'}: {one.why}"


def _described(row: dict[str, Any]) -> str:
    outcome = {
        "open": "not finished",
        "closed": "waits to be published",
        "published": f"release {row['release_id']}" if row["release_id"] else "nothing changed, no release",
    }[row["state"]]
    scope = (
        f"{row['from_period']:%Y-%m} to {row['to_period']:%Y-%m}, "
        f"reporter {row['reporter_code'] or 'all'}, form {row['form'] or 'all'}"
    )
    return (
        f"Backfill {row['backfill_id']}, {iso_moment(row['requested_at'])}, "
        f"{row['requested_by']}: {row['reason']}\n"
        f"  {scope}: {row['finished_months']} of {row['months']} months, {row['loads']} loads; {outcome}"
    )
