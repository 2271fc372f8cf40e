"""What the connection of a store says, and where it comes from."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mangnon.stores import StoreFailure
from mangnon.stores.connection import connection_of

EXTRA = {"endpoint_url": "http://127.0.0.1:1", "region_name": "us-east-1"}
AS_URL = "aws://a-key:a%2Fsecret@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A1&region_name=us-east-1"
AS_JSON = json.dumps({"conn_type": "aws", "login": "a-key", "password": "a/secret", "extra": EXTRA})
WITH_TEXT = json.dumps({"login": "a-key", "password": "a/secret", "extra": json.dumps(EXTRA)})


@pytest.mark.parametrize("variable", [AS_URL, AS_JSON, WITH_TEXT])
def test_the_variable_is_read_as_airflow_reads_it(variable: str) -> None:
    found = connection_of("inbox", variable)
    assert (found.login, found.password) == ("a-key", "a/secret")
    assert {name: found.get(name) for name in EXTRA} == EXTRA
    assert found.origin == "AIRFLOW_CONN_MANGNON_INBOX"
    assert "secret" not in repr(found)


def test_where_no_airflow_is_set_up_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    found = connection_of("outbox", None)
    assert (found.login, found.password, found.extra) == (None, None, ())
    assert found.origin == "the environment, as Airflow gives no connection mangnon_outbox"


@pytest.mark.parametrize("said", ["{a secret", '["a secret"]', "aws://x@[a secret", '{"extra": "a secret"}'])
def test_what_cannot_be_read_is_named_and_not_shown(said: str) -> None:
    with pytest.raises(StoreFailure, match="AIRFLOW_CONN_MANGNON_INBOX is neither a URL nor JSON") as failed:
        connection_of("inbox", said)
    assert "secret" not in str(failed.value)


def test_an_airflow_whose_database_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "airflow.cfg").write_text(
        "[database]\nsql_alchemy_conn = postgresql+psycopg://airflow:a-secret@127.0.0.1:1/airflow\n"
    )
    # In a process of its own, as a command asks: tests of tasks may have left Airflow's task runner in this one.
    ask = "from mangnon.stores.connection import connection_of; connection_of('archive', None)"
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
    assert re.search(r"StoreFailure: Airflow cannot be asked for its connections: .*port 1 failed", asked.stderr)
    assert "secret" not in asked.stdout + asked.stderr
