"""The places where files lie: the home, the inbox, the archive and the outbox; whether they can be written."""

import os
import socket
from pathlib import Path

from mangnon.settings import settings
from mangnon.stores import PLACES, Place, StoreFailure, open_store
from mangnon.stores.folder import Folder


def local_places() -> dict[str, Path]:
    """The places that are folders of this machine, each as the folder itself or the nearest one that exists."""
    found = {"home": settings().home}
    for place in PLACES:
        try:
            store = open_store(place)
        except StoreFailure:  # its own check says what is wrong with it
            continue
        if isinstance(store, Folder):
            found[place] = store.root
    return {place: _nearest(folder) for place, folder in found.items()}


def try_to_write(place: Place) -> None:
    """Writes a hidden file of no length into a place and takes it away again; makes no folder.

    A folder of this machine that is not there yet is made when it is first written to: then it is the folder above that
    must let us. Raises StoreFailure.
    """
    store = open_store(place)
    if isinstance(store, Folder):
        store = Folder(_nearest(store.root))
    probe = f".doctor-{place}-{socket.gethostname()}-{os.getpid()}"
    store.write(probe, b"")
    store.remove(probe)


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
