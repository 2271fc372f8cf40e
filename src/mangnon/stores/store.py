"""What every store can do, and what may go wrong in it."""

import re
import tempfile
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mangnon.failures import DISK_FULL, Failure, disk_of_temporary_files

BLOCK = 1 << 20  # bytes read or written at a time
DEEPEST = 32  # folders within folders


class StoreFailure(Failure, OSError):
    """A store does not answer, refuses us or is not there; the message says which and what to do."""


class NotReadable(StoreFailure):
    """One file is gone, changes or may not be read; the others can be."""


@dataclass(frozen=True)
class Entry:
    """A regular file, as a listing shows it."""

    path: str  # below the root; bytes that are no UTF-8 stand in it as os.fsdecode shows them
    size: int  # bytes
    version: str  # differs whenever the content may differ
    changed: float | None  # seconds since 1970; None where a file is listed only once it is whole


@dataclass(frozen=True)
class Skipped:
    """What a listing found and nobody reads, and why."""

    path: str
    reason: str


@dataclass
class Listing:
    """What lies in a store at one moment."""

    files: list[Entry] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


class Store(ABC):
    """A tree of files. A path is relative to its root, with slashes. Every method may raise StoreFailure."""

    name: str  # how people know the root: an address without a user or a password

    @abstractmethod
    def is_there(self) -> bool:
        """Returns whether the root is there."""

    @abstractmethod
    def look(self) -> Listing:
        """Returns every regular file, at the cost of one listing. Follows no link."""

    @abstractmethod
    def look_again(self, path: str) -> Entry | None:
        """Returns one file as it is now; None if it is no regular file any more."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Returns the names of the files in a folder, none if there is no folder."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Returns whether there is a file."""

    @abstractmethod
    def fetch(self, path: str, target: Path) -> None:
        """Copies a regular file to a local one. Raises NotReadable."""

    @abstractmethod
    def put(self, source: Path, path: str) -> None:
        """Copies a local file into the store, whole or not at all, and makes its folders. Replaces what was there."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Deletes a file, if it is there."""

    def read(self, path: str) -> bytes:
        """Returns the content of a file. Raises NotReadable."""
        with tempfile.TemporaryDirectory(prefix="mangnon-") as folder:
            self.fetch(path, copy := Path(folder) / "file")
            return copy.read_bytes()

    def write(self, path: str, content: bytes) -> None:
        """Makes or replaces a file with this content, whole or not at all."""
        with tempfile.TemporaryDirectory(prefix="mangnon-") as folder:
            with local_copy(copy := Path(folder) / "file") as file:
                file.write(content)
            self.put(copy, path)


@contextmanager
def local_copy(target: Path) -> Iterator[BinaryIO]:
    """Opens a temporary file for what a store says. Raises StoreFailure if it is our own disk that is full."""
    try:
        with target.open("wb") as copy:
            yield copy
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise StoreFailure(disk_of_temporary_files()) from error


def readable_name(name: str) -> str:
    r"""Returns a name that is text everywhere: what cannot be shown or stored stands as \x0a or \u202e does.

    Two names stay two: a backslash is written twice.
    """
    return "".join(map(_readable, name))


def _readable(character: str) -> str:
    if character == "\\":
        return r"\\"
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"):
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character


def one_line(error: BaseException) -> str:
    """Returns what an error says, on one line."""
    return re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
