"""The outbox: one folder per reporter and month, with the feedback and the reminders."""

import re
import unicodedata
from datetime import date
from pathlib import Path

from mangnon.contract.code_lists import Reporter
from mangnon.settings import settings
from mangnon.stores import StoreFailure, open_store

# The folder for feedback on files whose reporter is not known.
UNKNOWN = "_khong-ro-don-vi"
LONGEST_NAME = 60  # characters of up to three bytes; file systems allow 255 bytes


def address(reporter: Reporter | None, period: date | None, name: str) -> str:
    """Returns the path of a file in the outbox. A reporter code from a file cannot lead to another folder."""
    folders = [safe_name(reporter.code), *([f"{period:%Y-%m}"] if period else [])] if reporter else [UNKNOWN]
    return "/".join([settings().outbox, *folders, name])


def safe_name(text: str) -> str:
    """Returns the text as part of a file name, never empty or hidden: letters, digits, spaces, dots and dashes."""
    plain = re.sub(r"[^\w .-]", "_", unicodedata.normalize("NFC", text))
    return plain[:LONGEST_NAME].strip(" .") or "tep"


def put(local: Path, target: str) -> None:
    """Copies a file into the outbox, whole or not at all. Replaces a file of the same name. Raises StoreFailure."""
    open_store("outbox").put(local, _path(target))


def get(target: str) -> bytes:
    """Returns the content of a file in the outbox. Raises StoreFailure."""
    return open_store("outbox").read(_path(target))


def _path(target: str) -> str:
    root = f"{settings().outbox}/"
    if not target.startswith(root):
        raise StoreFailure(f"{target} does not lie in the outbox {open_store('outbox').name}: it was moved")
    return target.removeprefix(root)
