"""Mail: one connection to the server that MANGNON_SMTP_URL names, and letters that go through it."""

import csv
import hashlib
import smtplib
import ssl
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate, parseaddr
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from mangnon.failures import Failure
from mangnon.settings import settings
from mangnon.telling import outbox

# How long the server may keep silent.
SECONDS = 30
PORTS = {"smtp": 587, "smtps": 465}
HERE = ("localhost", "127.0.0.1", "::1")
WORKBOOK = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class MailError(Failure):
    """Mail is not configured rightly, or the server is not to be trusted."""


def is_configured() -> bool:
    """Whether there is a server to send through."""
    return settings().smtp_url is not None


def addresses() -> dict[str, list[str]]:
    """By reporter code, where its mail goes: the lines `reporter_code,address` of the file MANGNON_MAIL_ADDRESSES.

    Raises MailError.
    """
    file = settings().mail_addresses
    if file is None:
        return {}
    found = defaultdict(list)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for number, line in enumerate(csv.DictReader(lines), start=2):
                code, address = (str(line.get(name) or "").strip() for name in ("reporter_code", "address"))
                if not code or parseaddr(address)[1] != address or "@" not in address or not address.isprintable():
                    raise MailError(f"{file}, line {number}: write the code of a reporter and one address")
                found[code].append(address)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MailError(f"the mail addresses of the reporters cannot be read: {error}") from error
    return dict(found)


@contextmanager
def server() -> Iterator[smtplib.SMTP]:
    """An open connection; encrypted where the server can, and always before a password is said.

    Raises MailError, smtplib.SMTPException and OSError.
    """
    url = urlsplit(settings().smtp_url or "")
    if url.scheme not in PORTS or not url.hostname:
        raise MailError("MANGNON_SMTP_URL must be smtp://user:password@host:port or smtps://user:password@host:port")
    where = (url.hostname, url.port or PORTS[url.scheme])
    context = ssl.create_default_context()
    if url.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=SECONDS, context=context)
    else:
        connection = smtplib.SMTP(*where, timeout=SECONDS)
    with connection:
        connection.ehlo_or_helo_if_needed()
        if url.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=context)
            connection.ehlo()
        elif url.scheme == "smtp" and url.username and url.hostname not in HERE:
            raise MailError(f"{url.hostname} offers no STARTTLS: the password would be sent in the clear")
        if url.username:
            connection.login(unquote(url.username), unquote(url.password or ""))
        yield connection


def letter(number: int | str, to: list[str], subject: str, body: str, paths: list[str]) -> MIMEMultipart:
    """A letter with workbooks of the outbox attached. The same one has the same id, should it ever be sent twice."""
    name, sender = parseaddr(settings().mail_from or "")
    if sender.count("@") != 1:
        raise MailError("MANGNON_MAIL_FROM must be the address that the letters come from")
    # Not EmailMessage: before Python 3.13 it loses spaces where it folds a Vietnamese subject.
    message = MIMEMultipart()
    message["From"] = formataddr((name, sender))
    message["To"] = ", ".join(to)
    message["Subject"] = Header(" ".join(subject.split()), "utf-8", header_name="Subject").encode()
    message["Date"] = formatdate(localtime=True)
    domain = sender.rpartition("@")[2]
    message["Message-ID"] = f"<{number}.{hashlib.sha256(''.join(paths).encode()).hexdigest()[:16]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.attach(MIMEText(body, "plain", "utf-8"))
    for path in paths:
        if path.endswith(".xlsx"):  # the text of a reminder is the body
            attachment = MIMEApplication(outbox.get(path), WORKBOOK)
            attachment.add_header("Content-Disposition", "attachment", filename=PurePosixPath(path).name)
            message.attach(attachment)
    return message
