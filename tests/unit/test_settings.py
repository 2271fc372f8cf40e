"""What a server's settings change: where BI is sent, and whose Airflow is asked."""

from pathlib import Path

import pytest

from mangnon import settings as settings_module
from mangnon import warehouse
from mangnon.orchestration import services


def test_bi_is_sent_to_the_published_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bi_reader.password").write_text("p")
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://mangnon@warehouse:5432/warehouse")
    assert warehouse.reader_url() == "postgresql://bi_reader:p@warehouse:5432/warehouse"
    monkeypatch.setenv("MANGNON_BI_ADDRESS", "10.0.0.5:15432")
    assert warehouse.reader_url() == "postgresql://bi_reader:p@10.0.0.5:15432/warehouse"
    # One that has moved to a server of its own is published by nobody.
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://mangnon:q@db.example.org:5432/warehouse")
    assert warehouse.reader_url() == "postgresql://bi_reader:p@db.example.org:5432/warehouse"


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


def test_the_env_file_says_what_the_environment_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# where things are\n\n#MANGNON_OUTBOX=/not/this\nMANGNON_INBOX=/srv/in  # a folder\n"
        "MANGNON_ARCHIVE=/srv/other\nMANGNON_MAIL_FROM=Báo cáo <bao-cao@example.org>\n"
    )
    monkeypatch.setattr(settings_module, "ENV_FILE", file)
    monkeypatch.setenv("MANGNON_ARCHIVE", "/srv/archive")
    for name in ("MANGNON_INBOX", "MANGNON_MAIL_FROM"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    settings_module.read_env_file()
    found = settings_module.settings()
    assert (found.inbox, found.archive) == ("/srv/in", "/srv/archive")
    assert found.mail_from == "Báo cáo <bao-cao@example.org>"
    assert found.outbox.endswith("/outbox")
