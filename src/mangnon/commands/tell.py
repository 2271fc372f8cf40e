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
    tell_all()


def tell_all() -> None:
    """All steps in turn; a letter that could not be sent waits for the next time."""
    from mangnon import tell as telling

    for place in telling.write_feedback() + telling.write_reminders():
        click.echo(f"Told: {place}")
    mailed = telling.send_mail()
    if mailed.sent:
        click.echo(f"Mailed: {mailed.sent}")
    for error in mailed.failed:
        click.echo(f"Not mailed, tried again next time: {error}", err=True)
