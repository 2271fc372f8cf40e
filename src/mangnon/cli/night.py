"""`mangnon night` and its steps, without Airflow."""

from collections.abc import Callable
from contextlib import suppress

import click

from mangnon import warehouse
from mangnon.intake import steps
from mangnon.intake.loads import reporters_with_pending
from mangnon.publishing import phases
from mangnon.serving import night_page
from mangnon.telling import messages


@click.command()
def night() -> None:
    """Run a whole night without Airflow: collect, load, model, judge, publish, tell the province and the reporters."""
    read(steps.collect(), close=True)
    try:
        phases.publish_all()
    finally:  # people need to know even if the release was refused
        with suppress(night_page.NoNightYet):
            click.echo(f"Page of the night: {night_page.write()}")
        tell_all()


@click.command()
def collect() -> None:
    """Copy the new files in the inbox into the archive."""
    waiting = steps.collect()
    click.echo(f"Reporters with deliveries to read: {', '.join(waiting)}." if waiting else "Nothing new.")


@click.command()
def publish() -> None:
    """Model and judge the closed batches, and publish them as a new release."""
    phases.publish_all()


@click.command()
@click.argument(
    "phase", type=click.Choice(["model", "judge-loads", "build-candidate", "judge-release", "publish", "flip"])
)
@click.option("--release", type=int, help="Number of the candidate, for judge-release and publish.")
def step(phase: str, release: int | None) -> None:
    """Run a single phase of publishing, to look at it closely."""
    of_release: dict[str, Callable] = {"judge-release": phases.judge_release, "publish": phases.publish}
    of_batches: dict[str, Callable] = {
        "model": phases.model,
        "judge-loads": phases.judge_loads,
        "build-candidate": phases.build_candidate,
    }
    if phase == "flip":  # its name until version 0.1
        click.echo("flip is called publish now", err=True)
        phase = "publish"
    if phase in of_release and release is None:
        raise click.UsageError(f"{phase} needs --release")
    outcome = of_release[phase](release) if phase in of_release else of_batches[phase](phases.waiting_batches())
    click.echo(f"{phase}: {'done' if outcome is None else outcome}")


def read(reporters: list[str] | None, close: bool) -> None:
    """Reads the waiting deliveries of these reporters, or of all if None. One that fails does not stop the others.

    Raises click.ClickException, which names the reporters that failed.
    """
    if reporters is None:
        with warehouse.connect("loader") as connection:
            reporters = reporters_with_pending(connection)
    failed = []
    for reporter in reporters:
        try:
            counts = steps.load(reporter)
        except Exception as error:
            failed.append(f"{reporter}: {error}")
            continue
        click.echo(f"{reporter}: {counts['loads']} loads, {counts['refused']} of them refused")
    if close:
        steps.close()
    if failed:
        raise click.ClickException(
            "some reporters could not be loaded; mend that and run it again:\n" + "\n".join(failed)
        )


def tell_all() -> bool:
    """Writes feedback and reminders, and mails them. Returns whether there was anything to tell.

    Mail that could not be sent is sent again the next time.
    """
    places = messages.write_feedback() + messages.write_reminders()
    for place in places:
        click.echo(f"Told: {place}")
    mailed = messages.send_mail()
    if mailed.sent:
        click.echo(f"Mailed: {mailed.sent}")
    for error in mailed.failed:
        click.echo(f"Not mailed, will be tried again next time: {error}", err=True)
    return bool(places or mailed.sent or mailed.failed)
