"""Every morning at 06:00 what the night brought must be published; what is not is named, with what to do.

Decided by `ops` alone, never by what Airflow says of its runs: so the same answer is found from outside when Airflow is
down. What has waited since before the last 06:00 is overdue; what came later has until the next morning.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from mangnon import warehouse
from mangnon.contract.code_lists import OFFICE
from mangnon.settings import TIMEZONE
from mangnon.telling import mail
from mangnon.vietnamese import iso_moment, moment
from mangnon.watching import vitals
from mangnon.watching.vitals import Vitals

# In Viet Nam. The DAGs collect_submissions and check_deadline have the same in their schedules.
NIGHT, DEADLINE = time(1, 30), time(6, 0)


@dataclass(frozen=True)
class Miss:
    """Something that keeps the marts from being up to date: for the operator, and for the office."""

    what: str
    do: str
    what_vi: str
    do_vi: str


def last_deadline(now: datetime) -> datetime:
    """The last 06:00 in Viet Nam that has passed."""
    today = datetime.combine(now.astimezone(TIMEZONE).date(), DEADLINE, TIMEZONE)
    return today if today <= now else today - timedelta(days=1)


def misses(signs: Vitals, now: datetime) -> list[Miss]:
    """Returns what is overdue now; empty when everything that arrived before the last night is published."""
    due = last_deadline(now)
    night = datetime.combine(due.date(), NIGHT, TIMEZONE)
    found = []
    # A warehouse that was installed since owes no night.
    if signs.deployed_at and signs.deployed_at < night and (signs.collected_at is None or signs.collected_at < night):
        last = f"the last one was on {iso_moment(signs.collected_at)}" if signs.collected_at else "there never was one"
        last_vi = f"lần gần nhất {moment(signs.collected_at)}" if signs.collected_at else "chưa lần nào chạy"
        found.append(
            Miss(
                f"no night looked through the inbox since {iso_moment(night)}: {last}",
                "see that Airflow runs and collect_submissions is not paused, then start it, or `mangnon night`",
                f"Đêm qua hệ thống không thu nhận tệp trong thư mục nhận ({last_vi}).",
                "Kiểm tra Airflow có đang chạy và lịch collect_submissions có bị tạm dừng không, rồi chạy lại.",
            )
        )
    if signs.unread_since and signs.unread_since < due:
        found.append(
            Miss(
                f"{signs.unread} deliveries were not read, the oldest since {iso_moment(signs.unread_since)}",
                "look at the red tasks of collect_submissions, then start it again, or `mangnon night`",
                f"{signs.unread} tệp đã nhận nhưng chưa đọc được, sớm nhất từ {moment(signs.unread_since)}.",
                "Xem bước bị lỗi của collect_submissions trong Airflow, sửa nguyên nhân rồi chạy lại.",
            )
        )
    if signs.open_batch and signs.open_kind == "night" and signs.open_since and signs.open_since < due:
        found.append(
            Miss(
                f"batch {signs.open_batch} was opened on {iso_moment(signs.open_since)} and never closed",
                "its night was cut off: start collect_submissions again, or `mangnon night`",
                f"Lô {signs.open_batch} mở từ {moment(signs.open_since)} nhưng chưa khép: đêm đó bị ngắt.",
                "Chạy lại collect_submissions; tệp đã đọc không bị đọc lần nữa.",
            )
        )
    if signs.waiting_since and signs.waiting_since < due:
        found.append(_unpublished(signs, signs.waiting_since))
    return found


def _unpublished(signs: Vitals, since: datetime) -> Miss:
    """Why closed batches are not published."""
    waits = f"what was closed on {iso_moment(since)} is not published"
    waits_vi = f"Số liệu đã đọc xong lúc {moment(since)} chưa được công bố"
    if signs.approval:
        return Miss(
            f"{waits}: release {signs.approval} waits for an approval",
            f"answer the question in Airflow, or `mangnon release approve {signs.approval} --reason …`",
            f"{waits_vi}: bản số {signs.approval} có cảnh báo và chờ người duyệt. {signs.refused_reason or ''}".strip(),
            "Xem cảnh báo rồi trả lời câu hỏi trong Airflow (Required Actions): duyệt kèm lý do, hoặc từ chối.",
        )
    if signs.candidate:
        return Miss(
            f"{waits}: publishing stopped at candidate {signs.candidate}",
            "look at the red task of publish_marts, then start it again, or `mangnon publish`",
            f"{waits_vi}: việc công bố dừng giữa chừng ở bản số {signs.candidate}.",
            "Xem bước bị lỗi của publish_marts trong Airflow, sửa nguyên nhân rồi chạy lại.",
        )
    if signs.refused:
        return Miss(
            f"{waits}: gate 2 refused release {signs.refused}",
            "`mangnon status` says why; fix the cause, then start publish_marts again, or `mangnon publish`",
            f"{waits_vi}: bản số {signs.refused} bị từ chối khi kiểm tra. {signs.refused_reason or ''}".strip(),
            "Sửa nguyên nhân (danh mục hoặc tệp báo cáo có lỗi), rồi chạy lại publish_marts.",
        )
    return Miss(
        f"{waits}: publish_marts failed, or did not end yet",
        "look at its red task, then start it again, or `mangnon publish`",
        f"{waits_vi}: bước publish_marts bị lỗi hoặc chưa chạy xong.",
        "Xem bước bị lỗi của publish_marts trong Airflow, sửa nguyên nhân rồi chạy lại.",
    )


def letter(now: datetime | None = None) -> str | None:
    """Returns the letter to the office, in Vietnamese; None when nothing is overdue."""
    now = now or datetime.now(TIMEZONE)
    with warehouse.connect("auditor") as connection:
        signs = vitals.read(connection)
    if not (found := misses(signs, now)):
        return None
    visible = (
        f"Người xem vẫn thấy bản số {signs.release}, công bố lúc {moment(signs.published_at)}."
        if signs.release and signs.published_at
        else "Chưa có bản nào được công bố."
    )
    named = "\n\n".join(
        f"{number}. {miss.what_vi}\n   Việc cần làm: {miss.do_vi}" for number, miss in enumerate(found, start=1)
    )
    return (
        f"Kính gửi văn phòng,\n\n"
        f"Đến {moment(last_deadline(now))} số liệu báo cáo công tác trẻ em chưa được công bố đầy đủ. {visible}\n\n"
        f"{named}\n\n"
        "Trên máy chủ, lệnh `mangnon doctor` cho biết thêm; "
        "cách xử lý từng trường hợp: docs/runbooks/the-deadline-was-missed.md.\n"
    )


def tell_office(text: str, now: datetime | None = None) -> bool:
    """Mails it to the lines `_office` of the mail addresses; False when nobody is there to be told.

    Said again of the same morning it has the same message id. Raises mail.MailError, smtplib.SMTPException, OSError.
    """
    due = last_deadline(now or datetime.now(TIMEZONE))
    to = mail.addresses().get(OFFICE)
    if not mail.is_configured() or not to:
        return False
    message = mail.letter(
        f"deadline-{due:%Y-%m-%d}", to, f"Số liệu trẻ em chưa được công bố lúc {moment(due)}", text, []
    )
    with mail.server() as server:
        server.send_message(message)
    return True
