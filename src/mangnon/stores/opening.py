"""The three stores: inbox, archive and outbox, where each is, and with which credentials."""

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from mangnon.settings import settings
from mangnon.stores.folder import Folder
from mangnon.stores.s3 import Bucket
from mangnon.stores.sftp import SftpFolder
from mangnon.stores.store import Store, StoreFailure

StoreName = Literal["inbox", "archive", "outbox"]
STORES: tuple[StoreName, ...] = ("inbox", "archive", "outbox")
SSH = 22


@dataclass(frozen=True)
class Connection:
    """What an Airflow connection says; it never stands in a message."""

    login: str | None = None
    password: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Returns an entry of the connection's extra fields."""
        return dict(self.extra).get(name)

    def __repr__(self) -> str:
        return "Connection(…)"


def open_store(which: StoreName) -> Store:
    """Returns the store as the settings say now. Raises StoreFailure if they cannot be understood."""
    chosen = settings()
    return _store(which, getattr(chosen, which), chosen.connections.get(which), chosen.sftp_key,
                  chosen.sftp_known_hosts, chosen.aws, os.getpid())  # fmt: skip


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
    scheme = address.partition("://")[0] if "://" in address else "file"
    if scheme == "file":
        return Folder(Path(address.removeprefix("file://")).absolute(), is_private=which == "archive")
    variable = f"MANGNON_{which.upper()}"
    if scheme not in ("s3", "sftp"):
        raise StoreFailure(f"Protocol not known: {scheme}. {variable} takes a folder, s3://… or sftp://…")
    connection = _connection(which, connection_text)
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port
    except ValueError:
        host = None
    if not host:
        raise StoreFailure(f"{variable} is no address: {scheme}://, then a name, then a path")
    if url.password:
        raise StoreFailure(f"{variable} has a password in it, where others see it: see docs/sources/{scheme}.md")
    if scheme == "s3":
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        return Bucket(
            bucket, prefix.strip("/"), connection.login, connection.password,
            connection.get("endpoint_url"), connection.get("region_name"),
        )  # fmt: skip
    return SftpFolder(
        host, port or SSH, unquote(url.path) or "/", url.username or connection.login, connection.password,
        connection.get("key_file") or sftp_key, connection.get("known_hosts") or known_hosts,
    )  # fmt: skip


def _connection(which: StoreName, text: str | None) -> Connection:
    """Reads a connection as Airflow writes it into the environment: JSON, or a URL whose query is the extra fields."""
    if not text:
        return Connection()
    try:
        if text.lstrip().startswith("{"):
            return _from_json(json.loads(text))
        url = urlsplit(text)
        fields = {name: values[-1] for name, values in parse_qs(url.query).items()}
        # Airflow puts extra fields that are no flat texts into this one.
        fields |= {name: str(value) for name, value in json.loads(fields.pop("__extra__", "{}")).items()}
        return Connection(
            unquote(url.username) if url.username else None, unquote(url.password) if url.password else None,
            tuple(fields.items()),
        )  # fmt: skip
    except (ValueError, AttributeError):
        raise StoreFailure(f"AIRFLOW_CONN_MANGNON_{which.upper()} is neither a URL nor JSON of a connection") from None


def _from_json(said: dict[str, Any]) -> Connection:
    extra = said.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    return Connection(
        said.get("login"), said.get("password"), tuple((name, str(value)) for name, value in extra.items())
    )
