"""Tells each reporter each thing once: puts feedback workbooks and reminders into the outbox, and mails them if mail is
configured.

A file is written under a name that follows from its subject, and then noted in `ops.feedback`. If a run is killed in
between, the next run writes the same file again. Mail is sent after the note. If a run is killed after the server has
accepted a letter and before that is noted, the next run sends the letter again under the same message id. The failure
of one feedback or letter holds up no other.
"""

import logging
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from psycopg.rows import dict_row
from structlog.contextvars import bound_contextvars

from mangnon import warehouse
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.failures import Failure
from mangnon.intake.archive import archived
from mangnon.ledger.code_lists import read_code_lists
from mangnon.settings import TIMEZONE
from mangnon.telling import mail, outbox, reminders
from mangnon.telling.feedback import findings
from mangnon.telling.feedback.apart import write_workbook
from mangnon.telling.feedback.excerpts import excerpts
from mangnon.telling.feedback.findings import Feedback
from mangnon.telling.feedback.summary import SYNTHETIC, counted
from mangnon.telling.reminders import Late
from mangnon.vietnamese import month
from mangnon.warehouse import Connection

logger = logging.getLogger(__name__)

# The key of the advisory lock that lets one process at a time tell the reporters.
TELL_LOCK = 26_11_04


class NotTold(Failure):
    """Some feedback could not be written; all the other feedback is in the outbox."""


@dataclass(frozen=True)
class Sent:
    """How many letters were sent, and why others failed."""

    sent: int
    failed: list[str]  # one reason for each letter that waits for the next run


def write_feedback() -> list[str]:
    """Writes a workbook for every delivery whose reporter has not been told everything. Returns their paths.

    Raises NotTold if one could not be written; the others are written first.
    """
    written, failed = [], []
    with _telling() as connection:
        lists = read_code_lists(connection)
        for delivery_id, topics in findings.untold(connection).items():
            try:
                feedback = findings.gather(connection, delivery_id, lists)
                if feedback is not None:
                    written.append(_write_feedback(connection, feedback, topics, lists))
            except Exception as error:
                with bound_contextvars(delivery=delivery_id):
                    logger.exception("feedback could not be written")
                failed.append(f"delivery {delivery_id}: {error}")
    if failed:
        raise NotTold("not every feedback could be written; the next run tries again:\n" + "\n".join(failed))
    return written


def write_reminders(today: date | None = None) -> list[str]:
    """Reminds each reporter once of each month that is late. Returns the paths of the new reminders.

    If something arrives later, the text of the reminder is corrected. If nothing is missing any more, a letter that was
    not mailed yet is withdrawn.
    """
    today = today or datetime.now(TIMEZONE).date()
    written = []
    with _telling() as connection:
        lists = read_code_lists(connection)
        for late in reminders.late_reporters(connection, lists, today):
            noted = connection.execute(
                """
                select topics, paths from ops.feedback
                where kind = 'reminder' and reporter_code = %s and period = %s
                """,
                [late.reporter.code, late.period],
            ).fetchone()
            if noted is None and late.topics:
                written.append(_write_reminder(connection, late, today, lists))
            elif noted is not None and noted[0] != late.topics:
                _correct_reminder(connection, late, today, noted[1][0])
    return written


def send_mail() -> Sent:
    """Mails the letters that wait. A failure is noted, and the next run tries again. Raises MailError."""
    if not mail.is_configured():
        return Sent(0, [])
    with _telling() as connection:
        _without_address(connection, list(addresses := mail.addresses()))
        with connection.cursor(row_factory=dict_row) as cursor:
            waiting = cursor.execute(
                """
                select feedback_id, reporter_code, subject, body, paths
                from ops.feedback
                where mail_state = 'waiting'
                order by feedback_id
                """
            ).fetchall()
        sent, failed = 0, []
        if waiting:
            try:
                with mail.server() as server:
                    for letter in waiting:
                        if error := _send(connection, server, letter, addresses[letter["reporter_code"]]):
                            failed.append(f"{letter['reporter_code']}: {error}")
                        else:
                            sent += 1
            except (OSError, smtplib.SMTPException) as error:
                _note_error(connection, [letter["feedback_id"] for letter in waiting], error)
                failed.append(f"the mail server: {error}")
    return Sent(sent, failed)


def would_tell(today: date | None = None) -> Iterator[tuple[str, str, str]]:
    """Yields who would be told what: reporter, month and subject. Writes nothing."""
    today = today or datetime.now(TIMEZONE).date()
    with warehouse.connect("teller") as connection:
        lists = read_code_lists(connection)
        for delivery_id in findings.untold(connection):
            if feedback := findings.gather(connection, delivery_id, lists):
                reporter = feedback.reporter.code if feedback.reporter else "?"
                period = f"{feedback.period:%Y-%m}" if feedback.period else ""
                yield reporter, period, f"{feedback.file_name}: {counted(feedback)}"
        reminded = set(connection.execute("select reporter_code, period from ops.feedback where kind = 'reminder'"))
        for late in reminders.late_reporters(connection, lists, today):
            if late.topics and (late.reporter.code, late.period) not in reminded:
                yield late.reporter.code, f"{late.period:%Y-%m}", f"late: {', '.join(late.topics)}"


@contextmanager
def _telling() -> Iterator[Connection]:
    with warehouse.connect("teller") as connection:
        row = connection.execute("select pg_try_advisory_lock(%s)", [TELL_LOCK]).fetchone()
        if not row or not row[0]:
            raise Failure("another process is telling the reporters: wait for it to end, then try again")
        yield connection


def _write_feedback(connection: Connection, feedback: Feedback, topics: list[str], lists: CodeLists) -> str:
    before = connection.execute(
        "select count(*) from ops.feedback where delivery_id = %s", [feedback.delivery_id]
    ).fetchone()
    assert before is not None
    number = f"{feedback.delivery_id}-{before[0] + 1}" if before[0] else f"{feedback.delivery_id}"
    stem = outbox.safe_name(PurePosixPath(feedback.file_name).stem)
    name = f"{stem}.phan-hoi.lan-{feedback.revision or 0}.{number}.xlsx"
    target = outbox.address(feedback.reporter, feedback.period, name)
    with TemporaryDirectory(prefix="mangnon-") as folder, archived(feedback.sha256) as original:
        local = Path(folder) / "feedback.xlsx"
        write_workbook(local, feedback, original, excerpts(connection, feedback, lists), lists)
        outbox.put(local, target)
    of_month = f" tháng {month(feedback.period)}" if feedback.period else ""
    note(
        connection,
        kind="workbook",
        reporter_code=feedback.reporter.code if feedback.reporter else None,
        period=feedback.period,
        delivery_id=feedback.delivery_id,
        topics=sorted({*topics, *feedback.topics}),
        subject=f"Phản hồi về báo cáo công tác trẻ em{of_month}: {feedback.reporter.name if feedback.reporter else ''}",
        body=_body(feedback),
        paths=[target],
        # Made-up data must not reach a real district.
        mail_state="waiting" if mail.is_configured() and feedback.reporter and not feedback.is_synthetic else "none",
    )
    return target


def _body(feedback: Feedback) -> str:
    return (
        f"Kính gửi {feedback.reporter.name if feedback.reporter else 'đơn vị báo cáo'},\n\n"
        + (f"{SYNTHETIC}\n\n" if feedback.is_synthetic else "")
        + f"Đã kiểm tra tệp “{feedback.file_name}”: {counted(feedback)}.\n"
        "Tệp kèm theo nêu từng điểm và cách sửa: xem trang “Phản hồi” trước tiên.\n"
        + (
            f"Khi gửi lại, tăng “Lần gửi” lên {feedback.next_revision} và ghi lý do.\n"
            if feedback.next_revision
            else ""
        )
    )


def _write_reminder(connection: Connection, late: Late, today: date, lists: CodeLists) -> str:
    text, template = (
        outbox.address(late.reporter, late.period, name)
        for name in ("nhac-gui.txt", f"{outbox.safe_name(late.reporter.code)}_{late.period:%Y-%m}.xlsx")
    )
    with TemporaryDirectory(prefix="mangnon-") as folder:
        local = Path(folder) / "template.xlsx"
        write_template(local, late.reporter, late.period, lists)
        outbox.put(local, template)
    _put_text(text, late.text(today))
    note(
        connection,
        kind="reminder",
        reporter_code=late.reporter.code,
        period=late.period,
        delivery_id=None,
        topics=late.topics,
        subject=late.subject,
        body=late.text(today),
        paths=[text, template],
        mail_state="waiting" if mail.is_configured() else "none",
    )
    return text


def _correct_reminder(connection: Connection, late: Late, today: date, text: str) -> None:
    _put_text(text, late.text(today))
    connection.execute(
        """
        update ops.feedback
        set topics = %s,
            body = %s,
            mail_state = case when mail_state = 'waiting' and %s then 'withdrawn' else mail_state end
        where kind = 'reminder' and reporter_code = %s and period = %s
        """,
        [late.topics, late.text(today), not late.topics, late.reporter.code, late.period],
    )


def _put_text(target: str, text: str) -> None:
    with TemporaryDirectory(prefix="mangnon-") as folder:
        local = Path(folder) / "text"
        local.write_text(text, encoding="utf-8-sig")  # without the mark, Windows assumes another encoding
        outbox.put(local, target)


def note(connection: Connection, **row: Any) -> None:
    """Notes what a reporter was told, so that it is not told again."""
    connection.execute(
        """
        insert into ops.feedback
            (kind, reporter_code, period, delivery_id, topics, subject, body, paths, mail_state)
        values (
            %(kind)s, %(reporter_code)s, %(period)s, %(delivery_id)s, %(topics)s, %(subject)s, %(body)s, %(paths)s,
            %(mail_state)s
        )
        """,
        row,
    )


def _without_address(connection: Connection, reporters: list[str]) -> None:
    """Marks letters to reporters without an address as not to be mailed; their files stay in the outbox."""
    connection.execute(
        """
        update ops.feedback
        set mail_state = 'none', mail_error = 'no address'
        where mail_state = 'waiting' and reporter_code <> all(%s)
        """,
        [reporters],
    )


def _send(connection: Connection, server: smtplib.SMTP, letter: dict[str, Any], to: list[str]) -> str | None:
    """Sends one letter. Returns why it was not sent, or None.

    Raises smtplib.SMTPException or OSError if the server fails as a whole, so that the other letters wait too.
    """
    try:
        message = mail.letter(letter["feedback_id"], to, letter["subject"], letter["body"], letter["paths"])
    except (OSError, ValueError) as error:  # the outbox cannot be read, or a header is not valid
        _note_error(connection, [letter["feedback_id"]], error)
        return str(error)
    try:
        refused = server.send_message(message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
        _note_error(connection, [letter["feedback_id"]], error)
        return str(error)
    connection.execute(
        """
        update ops.feedback
        set mail_state = 'sent', mailed_at = clock_timestamp(), mail_error = %s
        where feedback_id = %s
        """,
        [str(refused) if refused else None, letter["feedback_id"]],
    )
    return None


def _note_error(connection: Connection, feedback_ids: list[int], error: Exception) -> None:
    connection.execute(
        "update ops.feedback set mail_error = %s where feedback_id = any(%s) and mail_state = 'waiting'",
        [str(error), feedback_ids],
    )
