"""The archive: every file that ever arrived, kept for ever under the sha256 of its content.

Beside each file lies a note for each place where it arrived, so that the archive alone says who sent it, and when. A
list of reference data has one for each delivery: an older list counts again if it is delivered again.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from mangnon.contract.code_lists import REFERENCE_REPORTER
from mangnon.failures import Failure
from mangnon.settings import settings
from mangnon.stores import NotReadable, open_store

HEAL = "bring it back from the backup, or have its reporter send the same file again"


class NotArchived(Failure, FileNotFoundError):
    """The archive lacks a file that it should have."""


class Damaged(Failure):
    """A file in the archive no longer has the content that its name promises."""


@dataclass(frozen=True)
class Note:
    """How a file arrived."""

    sha256: str
    place: str | None  # who speaks; None if it came before there were places
    file_name: str
    received_at: datetime

    @property
    def path(self) -> str:
        """Where the note lies."""
        moment = f"{self.received_at.astimezone(UTC):.%Y%m%dT%H%M%S%f}" if self.place == REFERENCE_REPORTER else ""
        return f"{_path(self.sha256)}.{self.place or ''}{moment}.json"


@contextmanager
def archived(sha256: str) -> Iterator[Path]:
    """A local path to an archived file, checked against its name. Raises NotArchived, Damaged or StoreFailure."""
    with tempfile.TemporaryDirectory(prefix="mangnon-") as folder:
        copy = Path(folder) / "delivery"
        try:
            open_store("archive").fetch(_path(sha256), copy)
        except NotReadable as error:
            raise NotArchived(
                f"the archive has no file {sha256} that can be read, looked for at {address(sha256)} ({error}): {HEAL}"
            ) from error
        if sha256_of(copy) != sha256:
            raise Damaged(f"the archived file {address(sha256)} is damaged, its content has another sha256: {HEAL}")
        yield copy


def keep(copy: Path, sha256: str) -> None:
    """Puts a copy of the file into the archive, unless it is there and whole: so a file that comes again heals."""
    if fault_of(sha256):
        open_store("archive").put(copy, _path(sha256))


def write_note(note: Note) -> None:
    """Puts a note beside an archived file, unless there is one of the same place: the first arrival counts."""
    if open_store("archive").exists(note.path):
        return
    content = json.dumps(asdict(note) | {"received_at": note.received_at.isoformat()}, ensure_ascii=False)
    open_store("archive").write(note.path, content.encode())


def read_note(path: str) -> Note:
    """Returns the note at a path of the archive. Raises Damaged."""
    try:
        said = json.loads(open_store("archive").read(path))
        return Note(**said | {"received_at": datetime.fromisoformat(said["received_at"])})
    except (ValueError, TypeError, KeyError) as error:
        raise Damaged(f"the note {path} of the archive cannot be read: bring it back from the backup") from error


def fault_of(sha256: str) -> str | None:
    """Returns what is wrong with an archived file: `missing`, `damaged`, or None."""
    try:
        with archived(sha256):
            return None
    except NotArchived:
        return "missing"
    except Damaged:
        return "damaged"


def is_kept(sha256: str) -> bool:
    """Returns whether the archive has a file of that name, without reading it. Raises StoreFailure."""
    return open_store("archive").exists(_path(sha256))


def address(sha256: str) -> str:
    """Where the file with that content lies in the archive."""
    return f"{settings().archive}/{_path(sha256)}"


def sha256_of(path: Path) -> str:
    """The sha256 of a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"
