"""What may well go wrong, said to the person who ran the command."""

import errno
import tempfile

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class Failure(Exception):
    """The base of every error that needs no traceback; its message says what is wrong and what to do."""


def disk_of_temporary_files() -> str:
    """Returns what to say if the disk of temporary files is full."""
    return (
        f"the disk of temporary files is full ({tempfile.gettempdir()}): free space there, or let TMPDIR name a folder "
        "with more, and run the same again"
    )
