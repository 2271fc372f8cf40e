"""The three stores: inbox, archive and outbox, where each is, and with which credentials."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from mangnon.settings import settings
from mangnon.stores.connection import connection_of
from mangnon.stores.folder import Folder
from mangnon.stores.s3 import Bucket
from mangnon.stores.sftp import SftpFolder
from mangnon.stores.store import Store, StoreFailure

StoreName = Literal["inbox", "archive", "outbox"]
STORES: tuple[StoreName, ...] = ("inbox", "archive", "outbox")
SSH = 22


def open_store(which: StoreName) -> Store:
    """Returns the store as the settings say now. Raises StoreFailure if they cannot be understood."""
    chosen = settings()
    return _store(which, getattr(chosen, which), chosen.connections.get(which), chosen.sftp_key,
                  chosen.sftp_known_hosts, chosen.aws, os.getpid())  # fmt: skip


def folder_of(which: StoreName) -> Path | None:
    """Returns the folder of this machine that the store is; None if it is on a server."""
    address: str = getattr(settings(), which)
    scheme, separator, path = address.partition("://")
    if separator and scheme != "file":
        return None
    return Path(path if separator else address).absolute()


def shown(address: str) -> str:
    """Returns an address as others may read it, without a user or a password that stands in it."""
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}" if separator else address


@lru_cache(maxsize=16)
def _store(
    which: StoreName,
    address: str,
    connection_text: str | None,
    sftp_key: str | None,
    known_hosts: str,
    _aws: frozenset[tuple[str, str]],
    _process: int,
) -> Store:
    """Kept while the settings stay, because a server is asked over one connection; that of a parent is not shared."""
    if folder := folder_of(which):
        return Folder(folder, is_private=which == "archive")
    scheme = address.partition("://")[0]
    variable = f"MANGNON_{which.upper()}"
    if scheme not in ("s3", "sftp"):
        raise StoreFailure(f"Protocol not known: {scheme}. {variable} takes a folder, s3://… or sftp://…")
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port
    except ValueError:
        host = None
    if not host:
        raise StoreFailure(f"{variable} is no address: {scheme}://, then a name, then a path")
    if url.password:
        raise StoreFailure(f"{variable} has a password in it, where others see it: see docs/sources/{scheme}.md")
    connection = connection_of(which, connection_text)
    if scheme == "s3":
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        return Bucket(bucket, prefix.strip("/"), connection)
    return SftpFolder(host, port or SSH, unquote(url.path) or "/", url.username, connection, sftp_key, known_hosts)
