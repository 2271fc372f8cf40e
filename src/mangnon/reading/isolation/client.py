"""Asks for files to be read, each in a process of its own, and takes in what it says, block by block."""

import logging
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from pickle import dumps
from signal import Signals

from mangnon.contract.code_lists import CodeLists
from mangnon.failures import Failure, disk_of_temporary_files
from mangnon.reading.cover import Cover
from mangnon.reading.delivery import FileRefused, Message, Opened
from mangnon.reading.isolation import limits
from mangnon.reading.isolation.wire import SIZES, BadMessage, Decoder, Done, Failed, TooMuchOutput
from mangnon.reading.isolation.zygote import ENDED, OUT_OF_DISK, OUT_OF_MEMORY, OUT_OF_OUTPUT, READY, REQUEST, Request
from mangnon.reading.problems import Problem, RefusedFile

logger = logging.getLogger(__name__)

ENVIRONMENT: dict[str, str] = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    # A file's memory is limited by address space, which other allocators and threads reserve by the gigabyte.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # Who forks has one thread: a lock that another held would stay locked in the fork.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
SECONDS_TO_START, SECONDS_TO_END = 60, 5
CHUNK = 1 << 20


class ReaderGone(Failure):
    """The process that starts the readers of files ended. That is not the fault of a file."""


class ReadingFailed(Exception):
    """The process that reads a file failed or met a limit; `problem` says which."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class DiskFull(ReadingFailed, Failure):
    """The disk of temporary files is full. That refuses no file: its delivery waits for the next night."""

    def __str__(self) -> str:
        return disk_of_temporary_files()


@dataclass(frozen=True)
class Used:
    """How the process that read a file ended, its peak memory in bytes, and its seconds of processor time."""

    status: int
    memory: int
    processor: float


def read_cover(path: Path, file_name: str, lists: CodeLists, place: str | None, sender: str) -> Cover:
    """Returns the cover of a file. Raises RefusedFile, ReadingFailed, ReaderGone."""
    with reading(path, file_name, lists, place, only_cover=True, sender=sender) as messages:
        found = list(messages)
    if isinstance(found[0], Opened):
        return found[0].cover
    assert isinstance(found[0], FileRefused)
    refusal = RefusedFile(*found[0].problems)
    refusal.reporter = found[0].reporter
    raise refusal


@contextmanager
def reading(
    path: Path,
    file_name: str,
    lists: CodeLists,
    place: str | None,
    forms: Collection[str] | None = None,
    *,
    sender: str,
    only_cover: bool = False,
) -> Iterator[Iterator[Message]]:
    """The messages about a file, or about these forms of it, as they come (see `delivery`).

    One file at a time. Files of different senders are never read by the same process, so a file that takes over the
    process that reads it can speak for its own sender alone. The iterator raises ReadingFailed if the process fails or
    meets a limit, DiskFull, and ReaderGone.
    """
    reader = _reader(sender, lists)
    with tempfile.TemporaryDirectory(prefix="mangnon-") as folder:
        request = Request(path.resolve(), file_name, place, Path(folder), only_cover, forms)
        try:
            yield reader.messages(request)
        finally:
            if not reader.is_free:
                reader.end()


class _Reader:
    """A process that reads the files of one sender."""

    def __init__(self, zygote: "_Zygote", lists: CodeLists, sender: str) -> None:
        self.zygote, self.lists, self.sender = zygote, lists, sender
        self.is_free = True  # it runs, and has read whatever it was asked for
        self._status: int | None = None
        self._received = bytearray()
        self._socket, theirs = socket.socketpair()
        with theirs:
            zygote.fork(theirs, lists)

    def messages(self, request: Request) -> Iterator[Message]:
        """Yields the messages about a file. Raises ReadingFailed, ReaderGone."""
        self.is_free = False
        self._waited, self._taken = 0.0, 0
        decoder = Decoder(request.place)
        try:
            self._ask(request)
            while not isinstance(message := self._next(decoder), Done):
                if isinstance(message, Failed):
                    logger.error("%s could not be read: %s", request.file_name, message.trace)
                    raise ReadingFailed(limits.failed(request.file_name, message.failure))
                yield message
            if not message.is_worn:
                self.is_free = True
        except TimeoutError:
            raise ReadingFailed(limits.too_heavy(request.file_name, "time")) from None
        except TooMuchOutput:
            raise ReadingFailed(limits.too_heavy(request.file_name, "output")) from None
        except BadMessage as error:
            logger.error("%s: its reader sent what no reader sends: %s", request.file_name, error)
            raise ReadingFailed(limits.failed(request.file_name, "BadMessage")) from None
        except (EOFError, ConnectionError):
            raise self._failed(request, self.end(patience=SECONDS_TO_END)) from None

    def end(self, patience: float = 0) -> int:
        """Waits so many seconds for the process to end, then kills it. Returns its exit status. Raises ReaderGone."""
        if self._status is None:
            self.is_free = False
            self._status = -Signals.SIGKILL  # if nobody can say any more
            self._socket.close()
            self._status = self.zygote.ended(patience).status
        return self._status

    def _ask(self, request: Request) -> None:
        data = dumps(request)
        self._socket.sendall(REQUEST.pack(len(data)) + data)

    def _next(self, decoder: Decoder) -> Message | Failed | Done:
        text_size, rows_size = SIZES.unpack(self._exactly(SIZES.size))
        if text_size + rows_size > limits.MESSAGE:
            raise TooMuchOutput
        return decoder.message(self._exactly(text_size), self._exactly(rows_size))

    def _exactly(self, size: int) -> bytes:
        """Returns the next bytes. Raises EOFError, ConnectionError, TimeoutError or TooMuchOutput."""
        self._taken += size
        if self._taken > limits.OUTPUT:
            raise TooMuchOutput
        while len(self._received) < size:
            since = time.monotonic()
            if not _is_readable(self._socket, limits.TIME - self._waited):
                raise TimeoutError
            # Only waiting counts: a warehouse that takes its time with the rows is not the file's fault.
            self._waited += time.monotonic() - since
            if not (part := self._socket.recv(CHUNK)):
                raise EOFError
            self._received += part
        data = bytes(self._received[:size])
        del self._received[:size]
        return data

    def _failed(self, request: Request, status: int) -> ReadingFailed:
        """What the end of the process means for its file."""
        said = _printed(request.folder / "stderr")
        if status == OUT_OF_MEMORY or "memory allocation of" in said or "bad_alloc" in said:
            return ReadingFailed(limits.too_heavy(request.file_name, "memory"))
        if status == OUT_OF_DISK:
            return DiskFull(limits.failed(request.file_name, "OSError"))
        if status in (OUT_OF_OUTPUT, -Signals.SIGXFSZ):
            return ReadingFailed(limits.too_heavy(request.file_name, "output"))
        if status == -Signals.SIGXCPU:
            return ReadingFailed(limits.too_heavy(request.file_name, "time"))
        name = Signals(-status).name if status < 0 else f"exit status {status}"
        logger.error("%s: its reader ended with %s: %s", request.file_name, name, said)
        return ReadingFailed(limits.failed(request.file_name, name))


class _Zygote:
    """The process that forks the readers, as its starter sees it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "mangnon.reading.isolation.zygote"],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=ENVIRONMENT, cwd="/", start_new_session=True,
            )  # fmt: skip
        self._lists: CodeLists | None = None
        self._control.settimeout(SECONDS_TO_START)
        self._exactly(len(READY))
        self._control.settimeout(None)

    def is_alive(self) -> bool:
        """Whether it is ours, and runs."""
        return self.owner == os.getpid() and self._process.poll() is None

    def fork(self, theirs: socket.socket, lists: CodeLists) -> None:
        """Starts a reader that answers on this socket. Raises ReaderGone."""
        data = dumps(None if lists is self._lists else lists)
        try:
            socket.send_fds(self._control, [REQUEST.pack(len(data))], [theirs.fileno()])
            self._control.sendall(data)
        except OSError as error:
            raise self._gone() from error
        self._lists = lists

    def ended(self, patience: float) -> Used:
        """Waits so many seconds for the end of the reader, then kills it. Raises ReaderGone."""
        try:
            if not _is_readable(self._control, patience):
                self._control.sendall(REQUEST.pack(0))
            return Used(*ENDED.unpack(self._exactly(ENDED.size)))
        except OSError as error:
            raise self._gone() from error

    def _exactly(self, size: int) -> bytes:
        try:
            data = self._control.recv(size, socket.MSG_WAITALL)
        except OSError as error:
            raise self._gone() from error
        if len(data) < size:
            raise self._gone()
        return data

    def _gone(self) -> ReaderGone:
        self._process.kill()
        return ReaderGone("the process that starts the readers of files ended: run the same again")


def _is_readable(connection: socket.socket, seconds: float) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def _printed(path: Path) -> str:
    """The beginning of what a process printed."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        return file.read(4096).decode(errors="replace")
    return ""


# The last reader of this process. A process that was forked from another one starts its own.
_readers: list[_Reader] = []


def _reader(sender: str, lists: CodeLists) -> _Reader:
    """The reader of this sender's files: the last one, or a new one."""
    last = _readers[0] if _readers else None
    zygote = last.zygote if last and last.zygote.is_alive() else None
    if last and zygote:
        if last.is_free and last.sender == sender and last.lists is lists:
            return last
        last.end()
    _readers[:] = [_Reader(zygote or _Zygote(), lists, sender)]
    return _readers[0]
