"""The outbox: a folder a reporter and month, from which the answers go to those who asked."""

import posixpath
import re
import unicodedata
from datetime import date
from pathlib import Path

import fsspec

from mangnon.contract.code_lists import Reporter
from mangnon.settings import settings

# For files that nobody is known to have sent.
UNKNOWN = "_khong-ro-don-vi"
LONGEST_NAME = 60  # characters; up to three bytes each, of which file systems take 255


def address(reporter: Reporter | None, period: date | None, name: str) -> str:
    """Where a file of that name goes; what a sender wrote can lead to no other folder."""
    folders = [safe_name(reporter.code), *([f"{period:%Y-%m}"] if period else [])] if reporter else [UNKNOWN]
    return "/".join([settings().outbox, *folders, name])


def safe_name(text: str) -> str:
    """The text as a part of a file name: letters, digits, spaces, dots, dashes; never empty, hidden or a folder."""
    plain = re.sub(r"[^\w .-]", "_", unicodedata.normalize("NFC", text))
    return plain[:LONGEST_NAME].strip(" .") or "tep"


def put(local: Path, target: str) -> None:
    """Writes a file whole or not at all; one that lies there already is replaced."""
    files, path = fsspec.url_to_fs(target)
    files.makedirs(posixpath.dirname(path), exist_ok=True)
    files.put_file(str(local), f"{path}.part")
    files.mv(f"{path}.part", path)


def get(target: str) -> bytes:
    """The content of a file of the outbox."""
    files, path = fsspec.url_to_fs(target)
    return bytes(files.cat_file(path))
