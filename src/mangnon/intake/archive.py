"""The archive: every file that ever arrived, kept for ever under the sha256 of its content."""

import hashlib
import posixpath
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec

from mangnon.failures import Failure
from mangnon.settings import settings


class NotArchived(Failure, FileNotFoundError):
    """The archive lacks a file that it should have."""


@contextmanager
def archived(sha256: str) -> Iterator[Path]:
    """A local path to an archived file, checked against its name. Raises NotArchived or ValueError."""
    files, path = fsspec.url_to_fs(address(sha256))
    with tempfile.TemporaryDirectory(prefix="mangnon-") as folder:
        copy = Path(folder) / "delivery"
        try:
            files.get_file(path, str(copy))
        except FileNotFoundError as error:
            raise NotArchived(
                f"the archive has no file {sha256}, looked for at {path}: bring it back from the backup"
            ) from error
        if sha256_of(copy) != sha256:
            raise ValueError(f"the archived file {sha256} was changed: its content no longer has that sha256")
        yield copy


def keep(copy: Path, sha256: str) -> None:
    """Puts a copy of the file into the archive, unless it is there."""
    files, path = fsspec.url_to_fs(address(sha256))
    if files.exists(path) and files.size(path) == copy.stat().st_size:
        return
    files.makedirs(posixpath.dirname(path), exist_ok=True)
    with files.transaction, files.open(path, "wb") as target, copy.open("rb") as content:
        shutil.copyfileobj(content, target, 1 << 20)


def address(sha256: str) -> str:
    """Where the file with that content lies in the archive."""
    return f"{settings().archive}/{sha256[:2]}/{sha256}"


def sha256_of(path: Path) -> str:
    """The sha256 of a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
