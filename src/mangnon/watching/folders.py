"""Where files lie: the home, the inbox, the archive and the outbox; whether they can be written."""

import os
import socket
from pathlib import Path

from mangnon.settings import settings
from mangnon.stores import STORES, StoreName, folder_of, open_store
from mangnon.stores.folder import Folder
from mangnon.warehouse import server


def local_folders() -> dict[str, Path]:
    """What lies in folders of this machine, each as the folder itself or the nearest one that exists."""
    found = {"home": settings().home} | {which: folder for which in STORES if (folder := folder_of(which))}
    if not settings().warehouse_url:
        found["database"] = server.folder()
    return {which: _nearest(folder) for which, folder in found.items()}


def try_to_write(which: StoreName) -> None:
    """Writes a hidden file of no length into a store and takes it away again; makes no folder.

    A folder of this machine that is not there yet is made when it is first written to: then it is the folder above that
    must let us. Raises StoreFailure.
    """
    store = open_store(which)
    if isinstance(store, Folder):
        store = Folder(_nearest(store.root))
    probe = f".doctor-{which}-{socket.gethostname()}-{os.getpid()}"
    store.write(probe, b"")
    store.remove(probe)


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
