"""What one setting each means for Airflow's configuration; without any of them nothing is sent anywhere."""

import json

import pytest

from mangnon.orchestration import config

SETTINGS = ("MANGNON_JSON_LOGS", "MANGNON_STATSD", "OTEL_EXPORTER_OTLP_ENDPOINT", "MANGNON_OPENLINEAGE")


@pytest.mark.parametrize(
    ("given", "section", "options"),
    [
        ({}, "logging", {"json_logs": "False"}),
        ({"MANGNON_JSON_LOGS": "true"}, "logging", {"json_logs": "True"}),
        (
            {"MANGNON_STATSD": "10.0.0.5"},
            "metrics",
            {"statsd_on": "True", "statsd_host": "10.0.0.5", "statsd_port": "8125"},
        ),
        (
            {"MANGNON_STATSD": "statsd:18125"},
            "metrics",
            {"statsd_on": "True", "statsd_host": "statsd", "statsd_port": "18125"},
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://10.0.0.5:4318"}, "metrics", {"otel_on": "True"}),
    ],
)
def test_one_setting_is_enough(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], section: str, options: dict[str, str]
) -> None:
    for name in SETTINGS:
        monkeypatch.setenv(name, given.get(name, ""))  # as compose hands over what is not set
    chosen = config.airflow_config()
    assert chosen[section] == options
    assert set(chosen) == {"logging", section}


@pytest.mark.parametrize(
    ("target", "transport"),
    [
        ("/var/log/lineage.jsonl", {"type": "file", "log_file_path": "/var/log/lineage.jsonl", "append": True}),
        ("http://marquez:5000", {"type": "http", "url": "http://marquez:5000"}),
    ],
)
def test_lineage_goes_to_a_file_or_an_address(
    monkeypatch: pytest.MonkeyPatch, target: str, transport: dict[str, object]
) -> None:
    monkeypatch.setenv("MANGNON_OPENLINEAGE", target)
    assert json.loads(config.airflow_config()["openlineage"]["transport"]) == transport
