"""Whose Airflow is asked."""

from pathlib import Path

import pytest

from mangnon.orchestration import services


def test_an_airflow_of_other_containers_is_asked_and_never_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    monkeypatch.setenv("MANGNON_AIRFLOW_URL", "http://127.0.0.1:9")  # nobody listens there
    services.password_file().parent.mkdir()
    services.password_file().write_text('{"admin": "p"}')
    with pytest.raises(services.ServiceError, match="its containers"):
        services.up(nightly=True)
    assert sorted(path.name for path in services.password_file().parent.iterdir()) == ["passwords.json"]
