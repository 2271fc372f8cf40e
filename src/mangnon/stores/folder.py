"""A folder of this machine. Nothing below it is reached through a link."""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from mangnon.stores.store import (
    BLOCK,
    DEEPEST,
    Entry,
    Listing,
    NotReadable,
    Skipped,
    Store,
    StoreFailure,
    local_copy,
    one_line,
)

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# What stands at the path may have become a link or a pipe since it was listed.
SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Folder(Store):
    """The files below a folder. In a private one only we can read what we write."""

    def __init__(self, root: Path, is_private: bool = False) -> None:
        self.root, self.name = root, str(root)
        self._file_mode, self._folder_mode = (0o600, 0o700) if is_private else (0o666, 0o777)

    def is_there(self) -> bool:
        """Returns whether the folder is there."""
        return self.root.is_dir()

    def look(self) -> Listing:
        """Returns every regular file below the folder."""
        found, waiting = Listing(), [""]
        while waiting:
            folder = waiting.pop()
            try:
                with self._folder(folder) as descriptor, os.scandir(descriptor) as entries:
                    for entry in entries:
                        path = f"{folder}/{entry.name}" if folder else entry.name
                        self._sort(path, entry, found, waiting)
            except OSError as error:
                if not folder:
                    raise self._failure("cannot be listed", error) from error
                found.skipped.append(Skipped(folder, f"the folder cannot be listed: {_why(error)}"))
        found.files.sort(key=lambda entry: entry.path)
        return found

    def _sort(self, path: str, entry: os.DirEntry[str], found: Listing, waiting: list[str]) -> None:
        try:
            state = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # deleted meanwhile
            return
        except OSError as error:
            found.skipped.append(Skipped(path, _why(error)))
            return
        if stat.S_ISREG(state.st_mode):
            found.files.append(_entry(path, state))
        elif not stat.S_ISDIR(state.st_mode):
            found.skipped.append(Skipped(path, f"{KINDS.get(stat.S_IFMT(state.st_mode), 'no file')}, not a file"))
        elif path.count("/") + 1 >= DEEPEST:
            found.skipped.append(Skipped(path, f"more than {DEEPEST} folders within one another"))
        else:
            waiting.append(path)

    def look_again(self, path: str) -> Entry | None:
        """Returns the file as it is now."""
        try:
            with self._folder(_parent(path)) as folder:
                state = os.stat(PurePosixPath(path).name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            return None
        return _entry(path, state) if stat.S_ISREG(state.st_mode) else None

    def names(self, folder: str) -> list[str]:
        """Returns the names of the files in a folder below this one."""
        try:
            with self._folder(folder) as descriptor, os.scandir(descriptor) as entries:
                return [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failure("cannot be listed", error) from error

    def exists(self, path: str) -> bool:
        """Returns whether there is a regular file."""
        return self.look_again(path) is not None

    def fetch(self, path: str, target: Path) -> None:
        """Copies a file that stays as it is meanwhile."""
        try:
            with self._folder(_parent(path)) as folder:
                descriptor = os.open(PurePosixPath(path).name, os.O_RDONLY | SAFELY, dir_fd=folder)
        except OSError as error:
            raise NotReadable(_why(error)) from error
        with open(descriptor, "rb") as file, local_copy(target) as copy:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise NotReadable("it is no regular file any more")
            while block := _block(file):
                copy.write(block)
            if _version(os.fstat(descriptor)) != _version(before) or copy.tell() != before.st_size:
                raise NotReadable("it changed while it was read")

    def put(self, source: Path, path: str) -> None:
        """Writes beside, syncs, and renames."""
        name = PurePosixPath(path).name
        beside = f".{secrets.token_hex(8)}.part"
        try:
            self._make_folder(_parent(path))
            with self._folder(_parent(path)) as folder:
                try:
                    written = os.open(
                        beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFELY, self._file_mode, dir_fd=folder
                    )
                    with open(written, "wb") as target, source.open("rb") as content:
                        shutil.copyfileobj(content, target, BLOCK)
                        target.flush()
                        os.fsync(written)
                    os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    with suppress(OSError):
                        os.unlink(beside, dir_fd=folder)
                    raise
                os.fsync(folder)
        except OSError as error:
            raise self._failure("cannot be written", error) from error

    def remove(self, path: str) -> None:
        """Deletes a file, if it is there."""
        try:
            with suppress(FileNotFoundError), self._folder(_parent(path)) as folder:
                os.unlink(PurePosixPath(path).name, dir_fd=folder)
        except OSError as error:
            raise self._failure("cannot be changed", error) from error

    @contextmanager
    def _folder(self, path: str) -> Iterator[int]:
        """Opens a folder below the root, step by step, so that no step can be a link."""
        descriptor = os.open(self.root, FOLDER)
        try:
            for part in filter(None, path.split("/")):
                inner = os.open(part, FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def _make_folder(self, path: str) -> None:
        folder = self.root / path
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            with suppress(FileExistsError):  # made by somebody else meanwhile
                one.mkdir(mode=self._folder_mode)
            above = os.open(one.parent, FOLDER)
            try:
                os.fsync(above)
            finally:
                os.close(above)

    def _failure(self, what: str, error: OSError) -> StoreFailure:
        if error.errno == errno.ENOTDIR and not self.root.is_dir():
            error = NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), self.name)
        failure = StoreFailure(f"{self.name} {what}: {one_line(error)}")
        failure.errno = error.errno
        return failure


def _block(file: BinaryIO) -> bytes:
    try:
        return file.read(BLOCK)
    except OSError as error:
        raise NotReadable(_why(error)) from error


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _entry(path: str, state: os.stat_result) -> Entry:
    # A copy may give a file an old time of change, but nobody can give it an old time of change of its inode.
    return Entry(path, state.st_size, _version(state), max(state.st_mtime, state.st_ctime))


def _version(state: os.stat_result) -> str:
    return f"{state.st_size}-{state.st_mtime_ns}-{state.st_ino}"


def _why(error: OSError) -> str:
    return error.strerror or one_line(error)
