"""What the .env file says, and what it does not."""

from pathlib import Path

import pytest

from mangnon import settings as settings_module


def test_the_env_file_says_what_the_environment_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# where things are\n\n#MANGNON_OUTBOX=/not/this\nMANGNON_INBOX=/srv/in  # a folder\n"
        "MANGNON_ARCHIVE=/srv/other\nMANGNON_MAIL_FROM=Báo cáo <bao-cao@example.org>\n"
        "MANGNON_SMTP_URL=smtp://user:pa${HOME}word@mail.example.org:587\n"
    )
    monkeypatch.setattr(settings_module, "ENV_FILE", file)
    monkeypatch.setenv("MANGNON_ARCHIVE", "/srv/archive")
    for name in ("MANGNON_INBOX", "MANGNON_MAIL_FROM", "MANGNON_SMTP_URL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    settings_module.read_env_file()
    found = settings_module.settings()
    assert (found.inbox, found.archive) == ("/srv/in", "/srv/archive")
    assert found.mail_from == "Báo cáo <bao-cao@example.org>"
    assert found.smtp_url == "smtp://user:pa${HOME}word@mail.example.org:587"
    assert found.outbox.endswith("/outbox")
