"""How a command writes its log, and shows its progress."""

import logging
import sys
from datetime import UTC, datetime

import click
import structlog

from mangnon.settings import settings


def configure_logs(command: str) -> None:
    """Sends the command's log to stderr: every line as JSON if the settings ask for it, or only warnings, as text.

    The ids of a run, a batch or a load are bound to the context (structlog.contextvars), so every line has them.
    Inside Airflow, Airflow writes the log, with the same ids.
    """
    as_json = settings().json_logs
    structlog.contextvars.bind_contextvars(run_id=f"{command}__{datetime.now(UTC).isoformat(timespec='seconds')}")
    renderer: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso"),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    if as_json:
        logging.getLogger("mangnon").setLevel(logging.INFO)


def show_progress() -> None:
    """Shows on stdout what the steps log to `mangnon.progress` while they work.

    Inside Airflow the same lines are in the logs of the tasks.
    """
    progress = logging.getLogger("mangnon.progress")
    progress.setLevel(logging.INFO)
    progress.handlers = [_Terminal()]
    progress.propagate = False  # the command's log would repeat each line


class _Terminal(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(record.getMessage())
