"""The zygote: a process that has imported the reader, and forks the processes that read files.

`python -m mangnon.reading.isolation.zygote` serves the process that started it, on the socket that is its standard
input. It starts no threads and opens no files. Requests are pickled: whoever asks is trusted, no file speaks here.

A reader reads the files of one sender, one after the other, and answers on a socket of its own. Any failure ends it,
and the next file gets a new one.
"""

import gc
import os
import pickle
import select
import signal
import socket
import tempfile
import traceback
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from struct import Struct
from typing import BinaryIO, NoReturn, cast

import numpy as np
import pyarrow as pa

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import all_forms
from mangnon.failures import DISK_FULL
from mangnon.reading import layout
from mangnon.reading.cells import Cells
from mangnon.reading.delivery import Message, read_cover_of, read_delivery
from mangnon.reading.isolation.limits import address_space, allow_time, keep_limits
from mangnon.reading.isolation.wire import Done, Failed, TooMuchOutput, encoded
from mangnon.reading.problems import RefusedForm, warm_up
from mangnon.reading.reader import FormReader
from mangnon.reading.tables import Block, Table

REQUEST = Struct("<I")  # bytes of the request; 0: end the reader
ENDED = Struct("<iQd")  # how a reader ended: exit status (of a signal: negative), peak memory, processor time
READY = b"\1"
# How a reader ends that met a limit by itself.
OUT_OF_MEMORY, OUT_OF_OUTPUT, OUT_OF_DISK = 101, 102, 103
# A reader whose address space has grown by so much after a file reads no other.
MOST_GROWTH = 128 << 20
# So much is sent at once: who waits for small messages wakes up once a file.
BUFFER = 256 << 10


@dataclass(frozen=True)
class Request:
    """What is to be read."""

    path: Path
    file_name: str
    place: str | None
    folder: Path  # for files that the reader writes; whoever asks removes it
    only_cover: bool
    forms: Collection[str] | None


def main() -> None:
    """Forks readers until whoever started this process closes the socket, or ends."""
    control = socket.socket(fileno=os.dup(0))
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    _warm_up()
    gc.freeze()  # so that collecting garbage does not copy what all processes share
    control.sendall(READY)
    lists = CodeLists.none()
    while (received := _received(control)) is not None:
        new_lists, asker = received
        lists = new_lists or lists
        reader = os.fork()
        if reader == 0:
            _serve(asker, lists)
        os.close(asker)
        if not _watched(control, reader):
            return


def _warm_up() -> None:
    """Reads a row of each form, so that catalogue, forms, headers and Arrow's functions are there in every fork."""
    warm_up()
    for form in all_forms().values():
        headers: list[layout.Path] = [(field.title,) for field in form.fields]
        layout.find_header([[field.title for field in form.fields]], [], form)
        row = Block(np.array([2]), [Cells.of(["1"]) for _ in form.fields], [])
        with suppress(RefusedForm):
            list(FormReader(form, CodeLists.none(), None, date(2020, 1, 1)).read(Table(None, 1, headers, iter([row]))))


def _received(control: socket.socket) -> tuple[CodeLists | None, int] | None:
    """Returns the lists of the next reader (None: those of the last one) and its socket; None when nobody asks."""
    while True:
        head, sockets, _, _ = socket.recv_fds(control, REQUEST.size, 1)
        if not head:
            return None
        if size := REQUEST.unpack(head)[0]:
            return pickle.loads(_exactly(control, size)), sockets[0]


def _exactly(control: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        if not (part := control.recv(size - len(data))):
            raise EOFError
        data += part
    return bytes(data)


def _watched(control: socket.socket, reader: int) -> bool:
    """Waits for the reader's end and says how it ended. Returns whether somebody still wants to know."""
    ended = os.pidfd_open(reader)
    is_wanted = True
    while is_wanted and ended not in select.select([control, ended], [], [])[0]:
        is_wanted = bool(control.recv(REQUEST.size))
        _kill(reader)
    os.waitid(os.P_PIDFD, ended, os.WEXITED | os.WNOWAIT)
    _kill(reader)  # whatever it has started; its number is taken until it is waited for
    os.close(ended)
    _, status, used = os.wait4(reader, 0)
    if is_wanted:
        exit_status = os.waitstatus_to_exitcode(status)
        control.sendall(ENDED.pack(exit_status, used.ru_maxrss << 10, used.ru_utime + used.ru_stime))
    return is_wanted


def _kill(reader: int) -> None:
    os.kill(reader, signal.SIGKILL)
    with suppress(ProcessLookupError):  # it has not made its group yet
        os.killpg(reader, signal.SIGKILL)


def _serve(asker: int, lists: CodeLists) -> NoReturn:
    """Reads one file after the other until nobody asks any more, as the only thing that this process does."""
    status = 1
    try:
        os.setsid()
        _keep_only(asker)
        keep_limits()
        with socket.socket(fileno=asker) as connection:
            answer = cast(BinaryIO, connection.makefile("wb", BUFFER))
            size = address_space()
            while head := connection.recv(REQUEST.size, socket.MSG_WAITALL):
                request = pickle.loads(_exactly(connection, REQUEST.unpack(head)[0]))
                status = _read(answer, request, lists)
                if status:
                    break
                _send(answer, Done(is_worn=address_space() > size + MOST_GROWTH))
                answer.flush()
    except BaseException:
        traceback.print_exc()
        status = status or 1
    os._exit(status)


def _read(answer: BinaryIO, request: Request, lists: CodeLists) -> int:
    """Reads a file and sends what was found. Returns the status to end with; 0: this process may read another file."""
    _print_into(request.folder / "stderr")
    tempfile.tempdir = str(request.folder)
    allow_time()
    if request.only_cover:
        messages = read_cover_of(request.path, request.file_name, lists, request.place)
    else:
        messages = read_delivery(request.path, request.file_name, lists, request.place, request.forms)
    try:
        for message in messages:
            _send(answer, message)
    except MemoryError:
        return OUT_OF_MEMORY
    except TooMuchOutput:
        return OUT_OF_OUTPUT
    except BaseException as error:  # also a panic in Rust, which is no Exception
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            return OUT_OF_DISK
        _send(answer, Failed(type(error).__name__, traceback.format_exc()))
        answer.flush()
        return 1
    return 0


def _send(answer: BinaryIO, message: Message | Failed | Done) -> None:
    for data in encoded(message):
        answer.write(data)


def _keep_only(descriptor: int) -> None:
    """Closes every file but one, and the standard ones, which lead nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for place in range(3):
        os.dup2(nothing, place)
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))


def _print_into(path: Path) -> None:
    """Leads what libraries print when they abort into a file."""
    said = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(said, 2)
    os.close(said)


if __name__ == "__main__":
    with suppress(ConnectionError):  # whoever started this process ended before it had heard everything
        main()
