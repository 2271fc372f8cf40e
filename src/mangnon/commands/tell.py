"""`mangnon tell`: what the reporters get back, and who is reminded."""

import click


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show who would be told what.")
def tell(dry_run: bool) -> None:
    """Put feedback workbooks and reminders into the outbox, and mail them where mail is configured."""
    from mangnon import tell as telling

    if dry_run:
        told = [f"{reporter} {period}: {what}" for reporter, period, what in telling.would_tell()]
        click.echo("\n".join(told) or "Nobody is to be told anything.")
        return
    if not tell_all():
        click.echo("Nobody was to be told anything.")


def tell_all() -> bool:
    """All steps in turn; whether there was anything to say. A letter that could not be sent waits for the next time."""
    from mangnon import tell as telling

    places = telling.write_feedback() + telling.write_reminders()
    for place in places:
        click.echo(f"Told: {place}")
    mailed = telling.send_mail()
    if mailed.sent:
        click.echo(f"Mailed: {mailed.sent}")
    for error in mailed.failed:
        click.echo(f"Not mailed, tried again next time: {error}", err=True)
    return bool(places or mailed.sent or mailed.failed)
