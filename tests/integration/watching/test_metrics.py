"""Metrics: what Prometheus reads, also when the database is gone."""

import subprocess
import sys
import time
from types import ModuleType
from urllib.request import urlopen

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.mail import free_port
from support.watching import measured


def test_metrics_say_what_was_delivered(published: ModuleType) -> None:
    with published.connect("auditor") as connection:
        (files, accepted, loaded, refused) = connection.execute(
            """
            select
                (select count(*) from ops.deliveries),
                (select count(*) from ops.loads where state = 'accepted'),
                sum(rows_loaded),
                sum(rows_refused)
            from ops.loads
            """
        ).fetchone()
    seen = measured()
    assert seen["up"] == 1
    assert seen["deliveries_total"] == files > 300
    assert seen["loads accepted"] == accepted > 300
    assert sum(value for name, value in seen.items() if name.startswith("loads ")) == accepted
    assert (seen["rows_total loaded"], seen["rows_total refused"]) == (loaded, refused)
    assert seen["disk_free_bytes archive"] > 0
    for nothing in ("deliveries_unread", "batches_waiting", "approval_waiting", "candidate_open"):
        assert seen[nothing] == 0


def test_metrics_are_served_and_say_that_the_database_is_gone(
    warehouse: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://nobody:nothing@127.0.0.1:{free_port()}/warehouse")
    process = subprocess.Popen([sys.executable, "-m", "mangnon.cli", "metrics", "--port", str(port)])
    try:
        until = time.monotonic() + 60
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    text = answer.read().decode()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.1)
        assert {connection.laddr.ip for connection in psutil.Process(process.pid).net_connections()} == {"127.0.0.1"}
    finally:
        process.terminate()
        process.wait()
    values = {family.name: family.samples[0].value for family in text_string_to_metric_families(text)}
    assert values.pop("mangnon_up") == 0
    assert values.pop("mangnon_disk_free_bytes") > 0
    assert values == {}
