"""Mail: connects to the server that MANGNON_SMTP_URL names, and builds the letters to the reporters."""

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

# The server must answer within so many seconds.
SECONDS = 30
PORTS = {"smtp": 587, "smtps": 465}
HERE = ("localhost", "127.0.0.1", "::1")
WORKBOOK = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class MailError(Failure):
    """Mail is configured wrongly, or the server offers no encryption."""


def is_configured() -> bool:
    """Returns whether a mail server is configured."""
    return settings().smtp_url is not None


def addresses() -> dict[str, list[str]]:
    """Returns reporter code → its mail addresses, from the lines `reporter_code,address` of MANGNON_MAIL_ADDRESSES.

    Raises MailError if the file cannot be read or a line is wrong.
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
    """Opens a connection to the server. It is encrypted if the server can; a password is only sent encrypted, or to
    this machine.

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
    """Returns a letter with the workbooks among `paths` attached. The same letter always has the same message id.

    Raises MailError if MANGNON_MAIL_FROM is no address, and OSError if the outbox cannot be read.
    """
    name, sender = parseaddr(settings().mail_from or "")
    if sender.count("@") != 1:
        raise MailError("set MANGNON_MAIL_FROM to the address that the letters come from")
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
        if path.endswith(".xlsx"):  # not the text of a reminder, which is the body
            attachment = MIMEApplication(outbox.get(path), WORKBOOK)
            attachment.add_header("Content-Disposition", "attachment", filename=PurePosixPath(path).name)
            message.attach(attachment)
    return message
