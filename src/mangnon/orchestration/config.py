"""What the settings for watching mean: how logs are written, and what Airflow is told of logs, metrics and lineage."""

import json

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
            "extractors": "mangnon.orchestration.lineage.TaskExtractor",
            "emission_policy": json.dumps([{"scope": {}, "controls": {"include_source_code": False}}]),
            # In the task's own process, which has imported already what each event would import again.
            "execute_in_thread": "True",
        }
    return config


def _transport(target: str) -> dict[str, object]:
    if target.startswith(("http://", "https://")):
        return {"type": "http", "url": target}
    return {"type": "file", "log_file_path": target, "append": True}
