"""What the settings for watching mean: how logs are written, and what Airflow is told of logs, metrics and lineage."""

import json
import logging
import sys
from datetime import UTC, datetime

import structlog

from mangnon.settings import settings

# Of the lineage: what groups our jobs, where several systems send their events to one place.
NAMESPACE = "mangnon"


def airflow_config() -> dict[str, dict[str, str]]:
    """By section, the options of Airflow's configuration that our settings decide; off unless asked for."""
    chosen = settings()
    config = {"logging": {"json_logs": str(chosen.json_logs)}}
    metrics: dict[str, str] = {}
    if chosen.statsd:
        host, _, port = chosen.statsd.partition(":")
        metrics |= {"statsd_on": "True", "statsd_host": host, "statsd_port": port or "8125"}
    if chosen.otlp:  # the OpenTelemetry library reads the address itself
        metrics |= {"otel_on": "True"}
    if metrics:
        config["metrics"] = metrics
    if chosen.openlineage:
        config["openlineage"] = {
            "transport": json.dumps(_transport(chosen.openlineage)),
            "namespace": NAMESPACE,
            "extractors": "mangnon.lineage.TaskExtractor",
            "emission_policy": json.dumps([{"scope": {}, "controls": {"include_source_code": False}}]),
            # In the task's own process, which has imported already what each event would import again.
            "execute_in_thread": "True",
        }
    return config


def _transport(target: str) -> dict[str, object]:
    if target.startswith(("http://", "https://")):
        return {"type": "http", "url": target}
    return {"type": "file", "log_file_path": target, "append": True}


def configure_logs(command: str) -> None:
    """Writes the log of a command to stderr: every line as JSON, or on a terminal only what needs attention, readable.

    Inside of Airflow it is Airflow that writes; the ids of a run, a batch or a load are bound to the context
    (structlog.contextvars) and come with each line either way.
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
