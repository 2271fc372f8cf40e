"""Progress: what a step says while it works goes to the logger `mangnon.progress`, and from there to the terminal.

Inside of Airflow the same lines stand in the logs of the tasks.
"""

import logging

import click


class _Terminal(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(record.getMessage())


def show() -> None:
    """From here on, progress is shown on stdout."""
    progress = logging.getLogger("mangnon.progress")
    progress.setLevel(logging.INFO)
    progress.handlers = [_Terminal()]
    progress.propagate = False  # it is no news for the log of the command
