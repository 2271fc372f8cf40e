"""Who is late is reminded once, with what is missing."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl
import pytest
from support.lists import deliver, packaged
from support.mail import mail_server
from support.telling import LISTS, load_everything, rows, send_refused

from mangnon.contract.template import write_template
from mangnon.telling import messages

# Due on the 5th of the next month: September to November are late, August is history.
TODAY = date(2025, 12, 20)


def send(inbox: Path, reporter: str, period: date, forms: list[str], revision: int = 1) -> None:
    path = inbox / reporter / f"{period:%Y-%m}-{revision}.xlsx"
    path.parent.mkdir(exist_ok=True)
    lines: dict[str, list[dict[str, Any]]] = {form: [] for form in forms}
    write_template(path, LISTS.reporters[reporter], period, LISTS, lines, revision=revision)


def let_be_due(folder: Path, *reporters: str, day: int = 5) -> None:
    """Delivers a list of reporters in which these have a due day."""
    lines = []
    for line in packaged("reporters").splitlines():
        if line.split(",")[0] in reporters:
            *start, due, order = line.split(",")
            assert due == ""
            line = ",".join([*start, str(day), order])
        lines.append(line)
    assert deliver(folder, "reporters", "\n".join(lines)).is_accepted


def test_who_is_late_is_reminded_once_with_what_is_missing(reference: ModuleType, tmp_path: Path) -> None:
    inbox, outbox = tmp_path / "inbox", tmp_path / "outbox"
    let_be_due(tmp_path, "SLDTBXH")
    send(inbox, "SLDTBXH", date(2025, 10, 1), ["events", "programme_sites"])
    send_refused(inbox, "a.xlsx")
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
    let_be_due(tmp_path, "HLHPN", day=31)
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
    let_be_due(tmp_path, "SLDTBXH")
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


def test_a_reminder_comes_with_the_blank_workbook(
    reference: ModuleType, configure: Callable[..., None], tmp_path: Path
) -> None:
    let_be_due(tmp_path, "HLHPN")
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
