"""A folder on an SFTP server, whose host key must be known."""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_DIRECTORY, FILEXFER_TYPE_REGULAR, FILEXFER_TYPE_SYMLINK
from fsspec.asyn import get_loop, sync

from mangnon.stores.connection import Connection
from mangnon.stores.store import (
    BLOCK,
    DEEPEST,
    Entry,
    Listing,
    NotReadable,
    Skipped,
    Store,
    StoreFailure,
    local_copy,
    one_line,
)

CONNECT, ANSWER = 15, 60  # seconds that a server has for it
# Seconds for all of one act, however slow: a server may answer each part in time and never come to an end.
LONGEST = 900
KEEPALIVE = 15  # seconds; a server that leaves three in a row unanswered is gone
# What a server says of one file, while the others may be well.
OF_ONE_FILE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure)


class SftpFolder(Store):
    """The files below a folder of a server. The connection is kept, and made anew after it broke."""

    def __init__(
        self,
        host: str,
        port: int,
        root: str,
        user: str | None,
        connection: Connection,
        key: str | None,
        known_hosts: str,
    ) -> None:
        self._host, self._port, self._root = host, port, root.rstrip("/")
        self._user, self._password = user or connection.login, connection.password
        self._key = connection.get("key_file") or key
        self._known_hosts = connection.get("known_hosts") or known_hosts
        self._origin = connection.origin
        self.name = f"sftp://{host}{f':{port}' if port != asyncssh.DEFAULT_PORT else ''}{root}"
        self._connection: asyncssh.SSHClientConnection | None = None
        self._session: asyncssh.SFTPClient | None = None

    def is_there(self) -> bool:
        """Returns whether the folder is there."""
        return bool(self._do("cannot be asked", lambda sftp: sftp.isdir(self._bytes(""))))

    def look(self) -> Listing:
        """Returns every regular file; a folder costs one listing."""
        found: Listing = self._do("cannot be listed", self._look, is_in_parts=True)
        found.files.sort(key=lambda entry: entry.path)
        return found

    async def _look(self, sftp: asyncssh.SFTPClient) -> Listing:
        found, waiting = Listing(), [""]
        while waiting:
            folder = waiting.pop()
            try:
                entries = await asyncio.wait_for(sftp.readdir(self._bytes(folder)), ANSWER)
            except OF_ONE_FILE as error:
                if not folder:
                    raise
                found.skipped.append(Skipped(folder, f"the folder cannot be listed: {one_line(error)}"))
                continue
            for entry in entries:
                name = os.fsdecode(entry.filename)
                path = f"{folder}/{name}" if folder else name
                kind = entry.attrs.type
                if kind == FILEXFER_TYPE_REGULAR:
                    found.files.append(_entry(path, entry.attrs))
                elif kind != FILEXFER_TYPE_DIRECTORY:
                    what = "a symbolic link" if kind == FILEXFER_TYPE_SYMLINK else "something else"
                    found.skipped.append(Skipped(path, f"{what}, not a file"))
                elif name in (".", ".."):
                    continue
                elif path.count("/") + 1 >= DEEPEST:
                    found.skipped.append(Skipped(path, f"more than {DEEPEST} folders within one another"))
                else:
                    waiting.append(path)
        return found

    def look_again(self, path: str) -> Entry | None:
        """Returns the file as it is now."""

        async def look(sftp: asyncssh.SFTPClient) -> Entry | None:
            try:
                attributes = await sftp.lstat(self._bytes(path))
            except OF_ONE_FILE:
                return None
            return _entry(path, attributes) if attributes.type == FILEXFER_TYPE_REGULAR else None

        found: Entry | None = self._do("cannot be asked", look)
        return found

    def names(self, folder: str) -> list[str]:
        """Returns the names of the files in a folder below this one."""

        async def names(sftp: asyncssh.SFTPClient) -> list[str]:
            try:
                entries = await sftp.readdir(self._bytes(folder))
            except asyncssh.SFTPNoSuchFile:
                return []
            return [os.fsdecode(entry.filename) for entry in entries if entry.attrs.type == FILEXFER_TYPE_REGULAR]

        found: list[str] = self._do("cannot be listed", names)
        return found

    def exists(self, path: str) -> bool:
        """Returns whether there is a regular file."""
        return self.look_again(path) is not None

    def fetch(self, path: str, target: Path) -> None:
        """Copies a file that stays as it is meanwhile."""
        remote = self._bytes(path)

        async def fetch(sftp: asyncssh.SFTPClient) -> None:
            try:
                async with await asyncio.wait_for(sftp.open(remote, "rb"), ANSWER) as file:
                    before = await self._seen(sftp, remote)
                    await _copy(file, target)
                    if await self._seen(sftp, remote) != before or target.stat().st_size != before.size:
                        raise NotReadable("it changed while it was read")
            except OF_ONE_FILE as error:
                raise NotReadable(one_line(error)) from error

        self._do("cannot be read", fetch, is_in_parts=True)

    async def _seen(self, sftp: asyncssh.SFTPClient, remote: bytes) -> Entry:
        """Returns a regular file that no link leads to: the protocol itself knows no opening without following."""
        attributes, root, real = await asyncio.wait_for(
            asyncio.gather(sftp.lstat(remote), sftp.realpath(self._bytes("")), sftp.realpath(remote)), ANSWER
        )
        if (
            attributes.type != FILEXFER_TYPE_REGULAR
            or real != root.rstrip(b"/") + remote[len(os.fsencode(self._root)) :]
        ):
            raise NotReadable("a symbolic link leads to it")
        return _entry("", attributes)

    def put(self, source: Path, path: str) -> None:
        """Writes beside, syncs, and renames."""
        folder = path.rpartition("/")[0]
        beside = self._bytes(f"{folder}/.{secrets.token_hex(8)}.part" if folder else f".{secrets.token_hex(8)}.part")

        async def put(sftp: asyncssh.SFTPClient) -> None:
            await asyncio.wait_for(self._make_folder(sftp, folder), ANSWER)
            try:
                async with await asyncio.wait_for(sftp.open(beside, "wb"), ANSWER) as file:
                    with source.open("rb") as content:
                        while block := content.read(BLOCK):
                            await asyncio.wait_for(file.write(block), ANSWER)
                    with suppress(asyncssh.SFTPOpUnsupported):
                        await asyncio.wait_for(file.fsync(), ANSWER)
                await asyncio.wait_for(sftp.posix_rename(beside, self._bytes(path)), ANSWER)
            except asyncssh.SFTPError:
                with suppress(asyncssh.Error, OSError):
                    await asyncio.wait_for(sftp.remove(beside), ANSWER)
                raise

        self._do("cannot be written", put, is_in_parts=True)

    def remove(self, path: str) -> None:
        """Deletes a file, if it is there."""

        async def remove(sftp: asyncssh.SFTPClient) -> None:
            with suppress(asyncssh.SFTPNoSuchFile):
                await sftp.remove(self._bytes(path))

        self._do("cannot be changed", remove)

    async def _make_folder(self, sftp: asyncssh.SFTPClient, folder: str) -> None:
        if not await sftp.isdir(self._bytes(folder)):
            await sftp.makedirs(self._bytes(folder), exist_ok=True)

    def _bytes(self, path: str) -> bytes:
        return os.fsencode(f"{self._root}/{path}" if path else self._root or "/")

    def _do(
        self,
        what: str,
        act: Callable[[asyncssh.SFTPClient], Awaitable[Any]],
        is_in_parts: bool = False,
    ) -> Any:
        """Acts on the server. An act in parts limits the time of each of them itself."""

        async def on_server() -> Any:
            sftp = await asyncio.wait_for(self._connected(), 2 * CONNECT)
            return await asyncio.wait_for(act(sftp), None if is_in_parts else ANSWER)

        with self._plain(what):
            return sync(get_loop(), on_server, timeout=LONGEST)

    async def _connected(self) -> asyncssh.SFTPClient:
        if self._session is None or self._connection is None or self._connection.is_closed():
            if not Path(self._known_hosts).is_file():
                raise StoreFailure(
                    f"{self.name}: there is no file of known hosts {self._known_hosts}, so no server can be trusted; "
                    "make it, or name one (docs/sources/sftp.md)"
                )
            self._connection = await asyncssh.connect(
                self._host, self._port, username=self._user or (), password=self._password,
                client_keys=[self._key] if self._key else None, known_hosts=self._known_hosts, agent_path=None,
                config=None, connect_timeout=CONNECT, login_timeout=CONNECT, keepalive_interval=KEEPALIVE,
            )  # fmt: skip
            self._session = await self._connection.start_sftp_client(path_encoding=None)
        return self._session

    def _forget(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                get_loop().call_soon_threadsafe(self._connection.abort)
        self._connection = self._session = None

    @contextmanager
    def _plain(self, what: str) -> Iterator[None]:
        try:
            yield
        except StoreFailure:
            raise
        except asyncssh.HostKeyNotVerifiable as error:
            self._forget()
            raise StoreFailure(
                f"{self.name}: the server's host key is not in {self._known_hosts}, so it may be another server; "
                "compare the key with its operator, then add it (docs/sources/sftp.md)"
            ) from error
        except asyncssh.PermissionDenied as error:
            self._forget()
            raise StoreFailure(
                f"{self.name}: the server refuses the user, the key or the password of {self._origin}; correct them "
                "(docs/sources/sftp.md)"
            ) from error
        except (asyncssh.Error, OSError, TimeoutError, ValueError) as error:
            self._forget()
            said = one_line(error) if str(error) else "no answer in time"
            raise StoreFailure(f"{self.name} {what}: {said}") from error


async def _copy(file: Any, target: Path) -> None:
    with local_copy(target) as copy:
        offset = 0
        while block := await asyncio.wait_for(file.read(BLOCK, offset), ANSWER):
            copy.write(block)
            offset += len(block)


def _entry(path: str, attributes: asyncssh.SFTPAttrs) -> Entry:
    size, changed = attributes.size or 0, attributes.mtime or 0
    return Entry(path, size, f"{size}-{changed}", float(changed))
