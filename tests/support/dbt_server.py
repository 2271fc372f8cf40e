"""Makes dbt start faster: three of a call's five seconds are imports and reading the project, the same each time.

A server process of each pytest worker does both once, and forks for each call. So each call is still a process of its
own that runs the real dbt on the real project, with the arguments and the environment that Măng Non gives it. Only
dbt's debug log and its artifacts are left out.
"""

import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Client, Connection, wait
from pathlib import Path
from typing import Any

from mangnon.warehouse import dbt

# How dbt is started without this server: as a child of the calling process.
USUAL = dbt.run_process

# With these arguments dbt must read the project itself, so the server passes no manifest.
READ_ANEW = {"--vars"}

# The project is read for no database in particular, so what one worker has read is not stale for another.
NOWHERE = {f"MANGNON_DB_{name}": "0" for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}


class DbtServer:
    """The process that forks for each call. It ends when the process that started it ends."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dbt-")
        self._address = f"{self._folder.name}/socket"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the process, and waits until it answers."""
        self._process = subprocess.Popen(
            # Forked calls end with os._exit and leave their semaphores to the system, so the warning says nothing.
            [
                sys.executable, "-P", "-W", "ignore::UserWarning:multiprocessing.resource_tracker",
                __file__, self._address,
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n"

    def run(self, arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Runs dbt as `python -m dbt.cli.main` would, and returns its exit code and output."""
        if self._process is None:
            self.start()
        with Client(self._address, "AF_UNIX") as connection:
            connection.send((arguments, environment))
            try:
                code, output = connection.recv()
            except EOFError:
                code, output = -signal.SIGKILL, "dbt was killed"
        return subprocess.CompletedProcess(arguments, code, stdout=output)

    def stop(self) -> None:
        """Ends the process, if it was started."""
        if self._process is not None:
            self._process.communicate()
        self._folder.cleanup()


@contextmanager
def quick_dbt() -> Iterator[None]:
    """Lets a DbtServer answer all calls of dbt by this process and its forks."""
    quick = DbtServer()
    dbt.run_process = quick.run
    try:
        yield
    finally:
        dbt.run_process = USUAL
        quick.stop()


def serve(address: str) -> None:
    """Answers calls until standard input is closed."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 (only this process imports it)

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    Path(address).unlink(missing_ok=True)  # a fork of the worker may have started its own server before
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    print("ready", flush=True)
    manifests: dict[Any, Any] = {}
    while listener in wait([listener, sys.stdin.fileno()]):
        connection: Connection[Any, Any] = Connection(listener.accept()[0].detach())
        arguments, environment = connection.recv()
        manifest = None
        if not READ_ANEW & set(arguments):
            key = _project(arguments)
            if key not in manifests:
                _become(environment | NOWHERE)
                manifests[key] = _read(dbtRunner, arguments)
            manifest = manifests[key]
        _become(environment)
        gc.freeze()  # a collection in a fork would copy all memory
        if os.fork() == 0:
            gc.disable()
            _answer(connection, dbtRunner(manifest), arguments)
        connection.close()


def _become(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _project(arguments: list[str]) -> tuple[Any, ...]:
    """Returns everything that the manifest depends on, except the name of the database."""
    folder = _given(arguments, "--project-dir")
    return tuple((str(path), path.stat().st_mtime_ns) for path in sorted(Path(folder).rglob("*")) if path.is_file())


def _given(arguments: list[str], option: str) -> str:
    return arguments[arguments.index(option) + 1]


def _read(runner: Any, arguments: list[str]) -> Any:
    """Returns the manifest; None if the project cannot be read, and then the call itself says why."""
    from dbt_common.clients.jinja import template_cache  # noqa: PLC0415

    folders = arguments[arguments.index("--project-dir") :]
    # The static parser starts threads, which a fork does not have: a call that parses there would wait for ever.
    manifest = runner().invoke(["--quiet", "--log-level-file", "none", "--no-static-parser", "parse", *folders]).result
    for macro in manifest.macros.values() if manifest else ():
        template_cache.get_node_template(macro)  # each call would compile them again
    return manifest


def _point(manifest: Any, database: str, target: Path) -> None:
    """Makes the manifest one of this database, and leaves it in the target folder, as reading the project does."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        if node.relation_name:
            node.relation_name = node.relation_name.replace(f'"{node.database}"', f'"{database}"')
        node.database = database
    if not (target / "manifest.json").exists():
        manifest.write(str(target / "manifest.json"))


def _answer(connection: Connection, runner: Any, arguments: list[str]) -> None:
    """Runs dbt in this process, sends exit code and output, and ends the process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    with tempfile.TemporaryFile("w+") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
        try:
            options = ["--log-level-file", "none"]
            if runner.manifest:
                _point(runner.manifest, os.environ["MANGNON_DB_NAME"], Path(_given(arguments, "--target-path")))
                options.append("--no-write-json")
            outcome = runner.invoke([*options, *arguments])
            if outcome.exception:
                print(outcome.exception)
            code = 0 if outcome.success else 1
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            output.seek(0)
            connection.send((code, output.read()))
            os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
