"""How lineage names what tasks read and write; that its events come is tested on a real Airflow."""

import pytest


def test_lineage_tells_nobody_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    from mangnon.orchestration import lineage  # noqa: PLC0415 (it imports Airflow, which takes seconds)

    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://mangnon:secret@db.example.org/warehouse")
    monkeypatch.setenv("MANGNON_INBOX", "sftp://user:secret@files.example.org:2222/in/box")
    inputs, _ = lineage.TASKS["collect"]()
    _, outputs = lineage.TASKS["load_reporter"]()
    assert [(inbox.namespace, inbox.name) for inbox in inputs] == [("sftp://files.example.org:2222", "in/box")]
    assert (outputs[0].namespace, outputs[0].name) == ("postgres://db.example.org:5432", "warehouse.raw.events")
    assert "secret" not in str([*inputs, *outputs])
