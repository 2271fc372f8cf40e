"""The places where files lie: the home, the inbox, the archive and the outbox; whether they can be read and written."""

import os
import socket
from pathlib import Path

from fsspec.core import url_to_fs
from fsspec.utils import get_protocol

from mangnon.settings import settings

PLACES = ("inbox", "archive", "outbox")


def local_places() -> dict[str, Path]:
    """The places that are folders of this machine, each as the folder itself or the nearest one that exists."""
    found = {"home": settings().home}
    for place in PLACES:
        address = getattr(settings(), place)
        if get_protocol(address) == "file":
            found[place] = Path(url_to_fs(address)[1])
    return {place: _nearest(folder) for place, folder in found.items()}


def try_to_write(place: str) -> None:
    """Writes a hidden file of no length into a place and takes it away again; makes no folder.

    A folder of this machine that is not there yet is made by the first night: then it is the folder above that must let
    us.
    Raises whatever the file system says.
    """
    address = getattr(settings(), place)
    files, folder = url_to_fs(address)
    if get_protocol(address) == "file":
        folder = str(_nearest(Path(folder)))
    probe = f"{folder}/.doctor-{place}-{socket.gethostname()}-{os.getpid()}"
    files.pipe_file(probe, b"")
    files.rm_file(probe)


def shown(address: str) -> str:
    """An address as others may read it, without a user or a password that stands in it."""
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}" if separator else address


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
