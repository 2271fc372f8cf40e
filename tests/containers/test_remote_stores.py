"""The containers with inbox, archive and outbox on servers: first all on S3, then the inbox on SFTP."""

import json
import time
from pathlib import Path

from support import remote
from support.stack import (
    LARGE,
    SENT,
    SPANS,
    WORK,
    answers,
    compose,
    configure,
    containers,
    expected_figures,
    figures,
    measured,
    podman,
    published_events,
    releases,
    up,
    wait_until_healthy,
    within,
    write_months,
)
from support.stack_stores import start_s3, start_sftp

from mangnon.orchestration import runs


def test_with_everything_on_s3_the_sample_becomes_the_published_figures(ports: dict[str, int], tmp_path: Path) -> None:
    configure(ports | start_s3(tmp_path))
    up(LARGE | {"s3"})
    began = time.monotonic()
    within("scheduler", "mangnon", "run")
    measured("the night of the sample, with everything on S3", began)
    assert figures() == expected_figures()
    assert releases() == [1]
    assert within("scheduler", "sh", "-c", "find inbox archive outbox -type f") == ""
    assert "to do" not in within("api-server", "mangnon", "doctor")
    assert remote.SECRET not in "".join(podman("logs", name) for name in containers())


def test_then_the_inbox_lies_on_sftp_with_a_connection_that_airflow_keeps(
    stack_airflow: None, ports: dict[str, int], tmp_path: Path
) -> None:
    settings = dict(line.split("=", 1) for line in (WORK / "env").read_text().splitlines())
    address = start_sftp(tmp_path)
    folder = "/var/lib/mangnon/secrets"
    extra = json.dumps({"key_file": f"{folder}/sftp_key", "known_hosts": f"{folder}/known_hosts"})
    made = ("airflow", "connections", "add", "mangnon_inbox", "--conn-type", "sftp", "--conn-login", "mangnon")
    within("api-server", *made, "--conn-extra", extra)
    configure(settings | {"MANGNON_INBOX": address})
    began = time.monotonic()
    compose("up", "--detach")
    wait_until_healthy(LARGE | {"s3", "sftp"}, began)
    assert "No night can collect" in within("api-server", "mangnon", "status")
    within("api-server", "mangnon", "deploy", "--mark-inbox")
    write_months(tmp_path / "inbox", *SPANS[0])
    began = time.monotonic()
    runs.run_night()
    measured(f"a night of {SENT} workbooks, with the inbox on SFTP", began)
    assert releases() == [1, 2]
    assert published_events(*SPANS[0]) == (SENT, SENT)
    assert answers("select count(distinct delivery_id), count(*) from ops.loads where period > '2020-12-31'") == [
        f"{SENT} {SENT}"
    ]
    assert figures() == expected_figures()
    assert "to do" not in within("api-server", "mangnon", "doctor")
