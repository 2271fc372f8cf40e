"""Who is told what, once, whatever is killed: into the outbox, and through a real SMTP connection."""

import multiprocessing
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import openpyxl
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mangnon.cli.main import cli
from mangnon.contract.code_lists import REFERENCE_FOLDER, CodeLists
from mangnon.contract.template import write_template
from mangnon.deployment import deploy
from mangnon.intake import steps
from mangnon.publishing import backfills
from mangnon.telling import mail, messages

LISTS = CodeLists.from_package()
# Due on the 5th of the next month: September to November are late, August is history.
TODAY = date(2025, 12, 20)
SITES = {"programme_sites": []}


@pytest.fixture
def reference(warehouse: ModuleType) -> ModuleType:
    """A deployed warehouse whose code lists are loaded."""
    deploy.deliver_reference()
    load_everything()
    return warehouse


@pytest.fixture
def refused(reference: ModuleType, tmp_path: Path) -> ModuleType:
    """And a workbook that lacks a sheet, so that a form of it is refused at once."""
    send_refused(tmp_path / "inbox" / "Báo cáo.xlsx")
    load_everything()
    return reference


def load_everything() -> None:
    for reporter in steps.collect():
        steps.load(reporter)


def send_refused(path: Path, reporter: str = "SLDTBXH", **cover: Any) -> None:
    write_template(path, LISTS.reporters[reporter], date(2025, 11, 1), LISTS, SITES, **cover)
    book = openpyxl.load_workbook(path)
    book.remove(book["Mô hình"])
    book.save(path)


def send(inbox: Path, reporter: str, period: date, forms: list[str], revision: int = 1) -> None:
    path = inbox / f"{reporter}-{period:%Y-%m}-{revision}.xlsx"
    lines: dict[str, list[dict[str, Any]]] = {form: [] for form in forms}
    write_template(path, LISTS.reporters[reporter], period, LISTS, lines, revision=revision)


def let_be_due(inbox: Path, *reporters: str, day: int = 5) -> None:
    """A new list of reporters, in which these have a due day."""
    text = (REFERENCE_FOLDER / "reporters.csv").read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines():
        if line.startswith("#revision"):
            line = "#revision,99999999"
        if line.split(",")[0] in reporters:
            *start, due, order = line.split(",")
            assert due == ""
            line = ",".join([*start, str(day), order])
        lines.append(line)
    (inbox / "reporters.csv").write_text("\n".join(lines), encoding="utf-8")
    load_everything()


def rows(warehouse: ModuleType, columns: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return list(connection.execute(f"select {columns} from ops.feedback order by feedback_id").fetchall())


# Once


def kill_me(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("point", ["outbox.put", "_note", "after"])
def test_killed_anywhere_nothing_is_told_twice_and_nothing_lost(
    refused: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def told_until_killed() -> None:
        if point != "after":
            monkeypatch.setattr(f"mangnon.telling.messages.{point}", kill_me)
        messages.write_feedback()
        kill_me()

    process = multiprocessing.get_context("fork").Process(target=told_until_killed)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    messages.write_feedback()
    messages.write_feedback()
    (row,) = rows(refused, "kind, reporter_code, period, topics, mail_state")
    assert row == ("workbook", "SLDTBXH", date(2025, 11, 1), ["programme_sites:sheet_missing"], "none")
    assert len([path for path in (tmp_path / "outbox").rglob("*") if path.is_file()]) == 1


def test_one_that_cannot_be_told_holds_up_no_other(
    refused: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_refused(tmp_path / "inbox" / "b.xlsx", "TINHDOAN")
    load_everything()
    written = messages.write_workbook

    def break_one(path: Path, feedback: Any, *rest: Any) -> None:
        if feedback.reporter.code == "SLDTBXH":
            raise ValueError("no space")
        written(path, feedback, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(messages, "write_workbook", break_one)
        with pytest.raises(messages.NotTold, match="no space"):
            messages.write_feedback()
    assert rows(refused, "reporter_code") == [("TINHDOAN",)]
    messages.write_feedback()
    assert rows(refused, "reporter_code") == [("TINHDOAN",), ("SLDTBXH",)]


def test_what_is_read_again_is_not_told_again(refused: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(messages.write_feedback()) == 1
    monkeypatch.setattr(backfills, "fingerprint", lambda _: "newer code")
    monkeypatch.setattr("mangnon.intake.loads.fingerprint", lambda _: "newer code")
    scope = backfills.Scope(date(2025, 11, 1), date(2025, 11, 1))
    with refused.connect("loader") as connection:
        backfills.reread(backfills.begin(connection, scope, "a test"), date(2025, 11, 1))
    with refused.connect() as connection:
        connection.execute("update raw.problems set rule = 'a_newer_rule', message = 'lời mới'")
        reread = connection.execute("select count(*) from ops.loads where form = 'programme_sites'").fetchone()
    assert reread == (2,)
    assert messages.write_feedback() == []


def test_what_the_command_says(refused: ModuleType, tmp_path: Path) -> None:
    would = CliRunner().invoke(cli, ["tell", "--dry-run"])
    assert would.output == "SLDTBXH 2025-11: Báo cáo.xlsx: 1 lỗi phải sửa\n"
    assert not (tmp_path / "outbox").exists()
    assert CliRunner().invoke(cli, ["tell"]).output.startswith(f"Told: {tmp_path / 'outbox' / 'SLDTBXH' / '2025-11'}")
    assert CliRunner().invoke(cli, ["tell"]).output == "Nobody was to be told anything.\n"
    shown = CliRunner().invoke(cli, ["status"]).output
    assert "Told to reporters" in shown
    assert "Báo cáo.xlsx" in shown


# Late


def test_who_is_late_is_reminded_once_with_what_is_missing(reference: ModuleType, tmp_path: Path) -> None:
    inbox, outbox = tmp_path / "inbox", tmp_path / "outbox"
    let_be_due(inbox, "SLDTBXH")
    send(inbox, "SLDTBXH", date(2025, 10, 1), ["events", "programme_sites"])
    send_refused(inbox / "a.xlsx")
    load_everything()

    messages.write_reminders(TODAY)
    reminders = {path.parent.name: path.read_text(encoding="utf-8-sig") for path in outbox.rglob("nhac-gui.txt")}
    assert set(reminders) == {"2025-09", "2025-11"}
    assert "- Hoạt động: chưa nhận được\n- Mô hình: chưa nhận được" in reminders["2025-09"]
    assert "- Hoạt động: chưa nhận được\n- Mô hình: đã nhận nhưng bị từ chối" in reminders["2025-11"]
    assert "đến hạn ngày 05/12/2025" in reminders["2025-11"]
    template = openpyxl.load_workbook(outbox / "SLDTBXH" / "2025-11" / "SLDTBXH_2025-11.xlsx")
    assert template["Bìa"]["B6"].value == "2025-11"
    assert messages.write_reminders(TODAY) == []
    assert messages.write_reminders(TODAY + timedelta(days=1)) == []
    assert rows(reference, "reporter_code, period") == [
        ("SLDTBXH", date(2025, 11, 1)),
        ("SLDTBXH", date(2025, 9, 1)),
    ]


def test_on_the_due_day_itself_nobody_is_late(reference: ModuleType, tmp_path: Path) -> None:
    let_be_due(tmp_path / "inbox", "HLHPN", day=31)
    months = [Path(place).parent.name for place in messages.write_reminders(date(2025, 11, 30))]
    assert months == ["2025-09", "2025-08"]
    assert [Path(place).parent.name for place in messages.write_reminders(date(2025, 12, 1))] == ["2025-10"]


def test_without_a_due_day_nobody_is_late(reference: ModuleType) -> None:
    assert messages.write_reminders(TODAY) == []


def test_what_arrives_meanwhile_is_asked_for_no_more(
    reference: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, outbox = tmp_path / "inbox", tmp_path / "outbox"
    monkeypatch.setenv("MANGNON_SMTP_URL", "smtp://127.0.0.1:1")
    let_be_due(inbox, "SLDTBXH")
    assert len(messages.write_reminders(TODAY)) == 3
    send(inbox, "SLDTBXH", date(2025, 11, 1), ["events"])
    send(inbox, "SLDTBXH", date(2025, 10, 1), ["events", "programme_sites"])
    load_everything()
    assert messages.write_reminders(TODAY) == []
    november = (outbox / "SLDTBXH" / "2025-11" / "nhac-gui.txt").read_text(encoding="utf-8-sig")
    assert "Mô hình: chưa nhận được" in november
    assert "Hoạt động" not in november
    assert "đã nhận đủ" in (outbox / "SLDTBXH" / "2025-10" / "nhac-gui.txt").read_text(encoding="utf-8-sig")
    assert rows(reference, "period, mail_state") == [
        (date(2025, 11, 1), "waiting"), (date(2025, 10, 1), "withdrawn"), (date(2025, 9, 1), "waiting"),
    ]  # fmt: skip


# Mail


@contextmanager
def mail_server(**options: Any) -> Iterator[SimpleNamespace]:
    """A real server on this machine; the letters that it took."""
    taken: list[EmailMessage] = []

    class Handler:
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
            if address.startswith("nobody"):
                return "550 no such user"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            letter = message_from_bytes(envelope.content, policy=default)
            letter.encrypted, letter.to = session.ssl is not None, envelope.rcpt_tos  # type: ignore[attr-defined]
            taken.append(letter)  # type: ignore[arg-type]
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield SimpleNamespace(taken=taken, port=controller.port)
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_up(url: str, *addresses: str) -> None:
        file = tmp_path / "addresses.csv"
        file.write_text("reporter_code,address\n" + "\n".join(addresses), encoding="utf-8")
        monkeypatch.setenv("MANGNON_SMTP_URL", url)
        monkeypatch.setenv("MANGNON_MAIL_FROM", "Sở LĐ-TB&XH <bao.cao@example.org>")
        monkeypatch.setenv("MANGNON_MAIL_ADDRESSES", str(file))

    return set_up


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


def test_a_reminder_comes_with_the_blank_workbook(
    reference: ModuleType, configure: Callable[..., None], tmp_path: Path
) -> None:
    let_be_due(tmp_path / "inbox", "HLHPN")
    with mail_server() as server:
        configure(f"smtp://127.0.0.1:{server.port}", "HLHPN,a@example.org")
        messages.write_reminders(TODAY)
        assert messages.send_mail() == messages.Sent(3, [])
    assert {letter["Subject"] for letter in server.taken} == {
        f"Nhắc gửi báo cáo công tác trẻ em tháng {month}/2025: Hội Liên hiệp Phụ nữ tỉnh"
        for month in ("09", "10", "11")
    }
    names = [attachment.get_filename() for attachment in server.taken[0].iter_attachments()]
    assert names == ["HLHPN_2025-11.xlsx"]
    assert "Hoạt động: chưa nhận được" in server.taken[0].get_body().get_content()


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
    send_refused(tmp_path / "inbox" / "b.xlsx", "TINHDOAN")
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
    send_refused(tmp_path / "inbox" / "b.xlsx", "TINHDOAN", synthetic=True)
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


def certificate(path: Path) -> Path:
    """A certificate of this machine by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
