"""The places where files lie: the home, the inbox, the archive and the outbox; whether they can be read and written."""

import os
import socket
from pathlib import Path

import fsspec

from mangnon.settings import settings

PLACES = ("inbox", "archive", "outbox")


def local_places() -> dict[str, Path]:
    """The places that are folders of this machine, each as the folder itself or the nearest one that exists."""
    found = {"home": settings().home}
    for place in PLACES:
        files, path = fsspec.url_to_fs(getattr(settings(), place))
        if isinstance(files, fsspec.get_filesystem_class("file")):
            found[place] = Path(path)
    return {place: _nearest(folder) for place, folder in found.items()}


def try_to_write(place: str) -> None:
    """Writes a hidden file of no length into a place and takes it away again; makes no folder.

    A folder that is not there yet is made by the first night: then it is the folder above that must let us.
    Raises whatever the file system says.
    """
    files, folder = fsspec.url_to_fs(getattr(settings(), place))
    if isinstance(files, fsspec.get_filesystem_class("file")):
        folder = str(_nearest(Path(folder)))
    elif not files.exists(folder):
        return
    probe = f"{folder}/.doctor-{place}-{socket.gethostname()}-{os.getpid()}"
    files.pipe_file(probe, b"")
    files.rm_file(probe)


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
