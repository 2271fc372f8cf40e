"""Airflow's options for logs, metrics and lineage, derived from our settings."""

import json

from mangnon.settings import settings

# OpenLineage groups our jobs under this name, in case several systems send their events to one place.
NAMESPACE = "mangnon"


def airflow_config() -> dict[str, dict[str, str]]:
    """Returns the options that our settings decide: section → option → value. Metrics and lineage start off."""
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
            "extractors": "mangnon.orchestration.lineage.TaskExtractor",
            "emission_policy": json.dumps([{"scope": {}, "controls": {"include_source_code": False}}]),
            # A process of its own for each event would import again what the task's process has imported already.
            "execute_in_thread": "True",
        }
    return config


def _transport(target: str) -> dict[str, object]:
    if target.startswith(("http://", "https://")):
        return {"type": "http", "url": target}
    return {"type": "file", "log_file_path": target, "append": True}
