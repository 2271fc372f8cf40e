"""What is told by mail, through a real SMTP connection."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from support.mail import certificate, mail_server
from support.telling import load_everything, rows, send_refused

from mangnon.telling import mail, messages


def test_the_workbook_comes_by_mail_once(refused: ModuleType, configure: Callable[..., None]) -> None:
    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"mangnon", b"p@ss word"))

    options = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    with mail_server(**options) as server:
        configure(
            f"smtp://mangnon:p%40ss%20word@127.0.0.1:{server.port}", "SLDTBXH,a@example.org", "SLDTBXH,b@example.org"
        )
        messages.write_feedback()
        assert messages.send_mail() == messages.Sent(1, [])
        assert messages.send_mail() == messages.Sent(0, [])
    (letter,) = server.taken
    assert letter.to == ["a@example.org", "b@example.org"]
    assert letter["Subject"] == (
        "Phản hồi về báo cáo công tác trẻ em tháng 11/2025: Sở Lao động - Thương binh và Xã hội"
    )
    assert "Đã kiểm tra tệp “Báo cáo.xlsx”: 1 lỗi phải sửa." in letter.get_body().get_content()
    (attachment,) = letter.iter_attachments()
    assert attachment.get_filename().startswith("Báo cáo.phan-hoi.lan-1.")
    assert attachment.get_content()[:4] == b"PK\x03\x04"
    assert rows(refused, "mail_state, mail_error, mailed_at is not null") == [("sent", None, True)]


def test_a_server_with_starttls_is_spoken_to_in_secret(
    refused: ModuleType, configure: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path / "server.pem"))
    with mail_server(tls_context=context) as server:
        configure(f"smtp://127.0.0.1:{server.port}", "SLDTBXH,a@example.org")
        messages.write_feedback()
        (error,) = messages.send_mail().failed
        assert "certificate" in error.lower(), "a certificate that nobody vouches for is not believed"
        assert server.taken == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
        assert messages.send_mail() == messages.Sent(1, [])
    assert server.taken[0].encrypted


def test_a_password_is_never_said_in_the_clear(configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as server:
        configure(f"smtp://mangnon:secret@127.0.0.1:{server.port}")
        monkeypatch.setattr(mail, "HERE", ())
        with pytest.raises(mail.MailError, match="STARTTLS"), mail.server():
            pass


@pytest.mark.parametrize("how", ["refuses", "hangs", "does not know the password"])
def test_a_server_that_fails_is_noted_and_tried_again(
    refused: ModuleType,
    configure: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    monkeypatch.setattr(mail, "SECONDS", 1)
    with socket.socket() as silent, mail_server() as server:
        silent.bind(("127.0.0.1", 0))
        if how == "hangs":
            silent.listen()
        where = f"127.0.0.1:{server.port}" if "password" in how else f"127.0.0.1:{silent.getsockname()[1]}"
        configure(f"smtp://mangnon:secret@{where}", "SLDTBXH,a@example.org")
        messages.write_feedback()
        (error,) = messages.send_mail().failed
        assert "secret" not in error
        ((state, noted),) = rows(refused, "mail_state, mail_error")
        assert state == "waiting"
        assert noted
        assert list((tmp_path / "outbox").rglob("*.xlsx"))

        configure(f"smtp://127.0.0.1:{server.port}", "SLDTBXH,a@example.org")
        assert messages.send_mail() == messages.Sent(1, [])
        assert len(server.taken) == 1


def test_an_address_that_is_refused_holds_up_no_other(
    refused: ModuleType, configure: Callable[..., None], tmp_path: Path
) -> None:
    send_refused(tmp_path / "inbox", "b.xlsx", "TINHDOAN")
    load_everything()
    with mail_server() as server:
        configure(f"smtp://127.0.0.1:{server.port}", "SLDTBXH,nobody@example.org", "TINHDOAN,a@example.org")
        messages.write_feedback()
        outcome = messages.send_mail()
    assert outcome.sent == 1
    assert "550" in outcome.failed[0]
    assert rows(refused, "reporter_code, mail_state") == [("SLDTBXH", "waiting"), ("TINHDOAN", "sent")]


def test_who_has_no_address_and_what_is_made_up_is_not_mailed(
    refused: ModuleType, configure: Callable[..., None], tmp_path: Path
) -> None:
    send_refused(tmp_path / "inbox", "b.xlsx", "TINHDOAN", synthetic=True)
    load_everything()
    with mail_server() as server:
        configure(f"smtp://127.0.0.1:{server.port}", "TINHDOAN,a@example.org")
        messages.write_feedback()
        assert messages.send_mail() == messages.Sent(0, [])
    assert server.taken == []
    assert rows(refused, "reporter_code, mail_state, mail_error") == [
        ("SLDTBXH", "none", "no address"),
        ("TINHDOAN", "none", None),
    ]


@pytest.mark.parametrize(
    "address", ["a@example.org\x0bBcc: b@example.org", "a", "Name <a@example.org>", "a@example.org b@example.org"]
)
def test_an_address_that_is_none_is_said(configure: Callable[..., None], address: str) -> None:
    configure("smtp://127.0.0.1:1", f'193,"{address}"')
    with pytest.raises(mail.MailError, match="line 2"):
        mail.addresses()
