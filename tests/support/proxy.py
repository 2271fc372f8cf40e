"""A TCP proxy that cuts connections in the middle, or stops answering, and counts what went through."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

RESET = struct.pack("ii", 1, 0)  # closing then resets the connection, as a broken line does


class Proxy:
    """Passes connections on to a server. Each is cut after so many bytes from one side, until `mend`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._limits: dict[str, int | None] = {"client": None, "server": None}
        self._is_silent = False
        self.passed = {"client": 0, "server": 0}  # bytes
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, size: int, of: str) -> None:
        """From now on cuts each connection once so many bytes came from the `client` or the `server`."""
        self._limits[of] = size

    def be_silent(self) -> None:
        """From now on nothing that the server says comes through, but connections stay."""
        self._is_silent = True

    def mend(self) -> None:
        """Lets everything through again."""
        self._limits = {"client": None, "server": None}
        self._is_silent = False

    def close(self) -> None:
        """Accepts no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self._target))
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for source, target, of in ((client, server, "client"), (server, client, "server")):
                    threading.Thread(target=self._pass, args=(source, target, of), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, of: str) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while block := source.recv(1 << 14):
                passed += len(block)
                self.passed[of] += len(block)
                limit = self._limits[of]
                if limit is not None and passed > limit:
                    self.cuts += 1
                    break
                if not (self._is_silent and of == "server"):
                    target.sendall(block)
        for end in (source, target):
            with contextlib.suppress(OSError):
                if self._limits[of] is not None:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)
                end.close()


@contextlib.contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A proxy to a server of this machine."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
