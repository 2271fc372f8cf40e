"""The processes that read files, seen from outside."""

import os

import psutil

MODULE = "mangnon.reading.isolation.zygote"


def zygote() -> psutil.Process:
    """Returns the process that forks the readers of this process."""
    (found,) = (child for child in psutil.Process(os.getpid()).children() if MODULE in _command(child))
    return found


def reader() -> psutil.Process:
    """Returns the process that reads files for this process at the moment."""
    (found,) = zygote().children()
    return found


def _command(process: psutil.Process) -> list[str]:
    return [] if process.status() == psutil.STATUS_ZOMBIE else process.cmdline()
