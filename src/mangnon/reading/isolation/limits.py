"""What one file may take, and the problem of a file that took more.

The figures are measured in docs/security.md. A limit is for one file: memory, time and output of the process that reads
it, never of the process that asks.
"""

import ctypes
import os
import resource
import signal
from contextlib import suppress
from typing import Literal

from mangnon.reading.problems import Problem

# Bytes of address space, code and libraries included (0.35 GB before the file is opened).
MEMORY = 1 << 30
# Seconds, both of processor time and of waiting for the next message.
TIME = 60
# Bytes of each file that the reader writes for itself: what an archive unpacks to, or a text in another encoding.
FILE = 512 << 20
# Bytes of all messages about a file, and of one message.
OUTPUT, MESSAGE = 2 << 30, 64 << 20

Limit = Literal["memory", "time", "output"]
NO_DEATH_SIGNAL = "the kernel cannot end the reader of a file together with its parent"
TOO_HEAVY: dict[Limit, str] = {
    "memory": "file_too_heavy.memory",
    "time": "file_too_heavy.time",
    "output": "file_too_heavy.output",
}
PR_SET_PDEATHSIG = 1


def keep_limits() -> None:
    """Limits this process for ever. It ends with its parent, and before others when the machine runs out of memory."""
    parent = os.getppid()
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) or os.getppid() != parent:
        raise OSError(NO_DEATH_SIGNAL)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    for limited, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limited, (value, value))


def allow_time() -> None:
    """Lets this process use its time once more, for the next file."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + TIME
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def address_space() -> int:
    """Returns the size of this process in bytes, as RLIMIT_AS counts it."""
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[0]) * resource.getpagesize()


def too_heavy(file_name: str, limit: Limit) -> Problem:
    """Returns the problem of a file that took more than a limit."""
    return Problem(TOO_HEAVY[limit], {"file_name": file_name, "limit": limit})


def failed(file_name: str, failure: str) -> Problem:
    """Returns the problem of a file whose reading failed unexpectedly; `failure` is an exception or a signal."""
    return Problem("reading_failed", {"file_name": file_name, "failure": failure})
