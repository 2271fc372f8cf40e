"""Servers that hold the inbox, the archive and the outbox: one of each kind for a worker."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import remote
from support.proxy import Proxy, proxy_to

from mangnon.stores import Store, open_store
from mangnon.stores.mark import MARK


@dataclass
class Remote:
    """Inbox, archive and outbox on a server, behind a proxy."""

    kind: str
    proxy: Proxy
    direct: Callable[[str], Store]  # a place, without the proxy
    use_wrong_credentials: Callable[[], None]


@pytest.fixture(params=["s3", "sftp"])
def remote_places(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Remote]:
    """The three places on a server of each kind; the inbox is marked and empty."""
    server = request.getfixturevalue(request.param)
    prefix = tmp_path.name

    def use(port: int, is_right: bool = True) -> None:
        if request.param == "s3":
            remote.use_s3(port, monkeypatch.setenv, prefix, remote.SECRET if is_right else "another secret")
        else:
            known = server.known_hosts(tmp_path / "known_hosts", server.port, proxy.port)
            remote.use_sftp(server, port, monkeypatch.setenv, prefix, known)
            if not is_right:
                monkeypatch.setenv("MANGNON_SFTP_KEY", str(server.key.with_name("host")))

    def direct(place: str) -> Store:
        use(server.port)
        store = open_store(place)
        store.is_there()  # it reads its settings when it is first asked
        use(proxy.port)
        return store

    with proxy_to(server.port) as proxy:
        direct("inbox").write(MARK, b"")
        use(proxy.port)
        yield Remote(request.param, proxy, direct, lambda: use(proxy.port, is_right=False))
        proxy.mend()
