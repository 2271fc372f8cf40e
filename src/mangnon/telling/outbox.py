"""The outbox: one folder per reporter and month, with the feedback and the reminders."""

import posixpath
import re
import unicodedata
from datetime import date
from pathlib import Path

import fsspec

from mangnon.contract.code_lists import Reporter
from mangnon.settings import settings

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
    """Copies a file into the outbox, whole or not at all. Replaces a file of the same name."""
    files, path = fsspec.url_to_fs(target)
    files.makedirs(posixpath.dirname(path), exist_ok=True)
    files.put_file(str(local), f"{path}.part")
    files.mv(f"{path}.part", path)


def get(target: str) -> bytes:
    """Returns the content of a file in the outbox. Raises OSError."""
    files, path = fsspec.url_to_fs(target)
    return bytes(files.cat_file(path))
