"""Real servers of S3 and SFTP on this machine, one of each for a worker, started when a test first needs it."""

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from support.processes import wait_for

KEY, SECRET, BUCKET = "mangnon", "a-secret-of-the-tests", "province"
WEED = Path(sys.executable).with_name("weed")
SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
# The server's parts listen on their ports and on these plus 10,000.
LOWEST_PORT, HIGHEST_PORT = 20_000, 50_000
SECONDS_TO_START, ATTEMPTS = 60, 3


@dataclass(frozen=True)
class S3Server:
    """A server of S3 with one user and one bucket."""

    port: int


@dataclass(frozen=True)
class SftpServer:
    """A server of SFTP with one user, who has a key."""

    port: int
    folder: Path  # what the server shows of this machine
    user: str
    key: Path
    host_key: str  # its public half

    def known_hosts(self, file: Path, *ports: int) -> Path:
        """Writes a file in which the server is known on these ports."""
        file.write_text("".join(f"[127.0.0.1]:{port} {self.host_key}\n" for port in ports or (self.port,)))
        return file


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """SeaweedFS, which checks signatures. It is started anew if somebody else took one of its many ports meanwhile."""
    for _ in range(ATTEMPTS):
        with _folder() as folder, _seaweed(folder) as port:
            if port:
                yield S3Server(port)
                return
    raise AssertionError(f"SeaweedFS did not start, {ATTEMPTS} times")


def write_users(file: Path) -> None:
    """Writes who may use a server of S3: one user."""
    actions = ["Admin", "Read", "Write", "List"]
    user = {"name": KEY, "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": actions}
    file.write_text(json.dumps({"identities": [user]}))


def weed_options(folder: str, address: str, users: str, ports: dict[str, int]) -> list[str]:
    """With what `weed` is called for a server that listens on this address and has one bucket."""
    return [
        "mini", f"-dir={folder}", "-ip=127.0.0.1", f"-ip.bind={address}", f"-s3.config={users}", f"-bucket={BUCKET}",
        "-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip


@contextmanager
def _seaweed(folder: Path) -> Iterator[int | None]:
    """A server in this folder: its port, or None if it did not get ready."""
    write_users(folder / "s3.json")
    ports = _free_ports(5)
    options = dict(zip(("master.port", "volume.port", "filer.port", "s3.port", "admin.port"), ports, strict=True))
    command = [str(WEED), *weed_options(str(folder), "127.0.0.1", f"{folder}/s3.json", options)]
    with (folder / "log").open("wb") as log, _running(command, log.fileno(), folder):
        is_ready = False
        with suppress(AssertionError):
            wait_for(lambda: "ready to use" in (folder / "log").read_text(), SECONDS_TO_START)
            is_ready = True
        yield options["s3.port"] if is_ready else None


@contextmanager
def sftp_server() -> Iterator[SftpServer]:
    """OpenSSH, or asyncssh's server where that is not installed."""
    with _folder() as folder:
        make_keys(folder)
        (port,) = _free_ports(1)
        files = folder / "files"
        files.mkdir()
        command = _sshd(folder, port) if SSHD else [sys.executable, "-m", "support.asyncssh_server", folder, str(port)]
        with (folder / "log").open("wb") as log, _running(command, log.fileno(), folder):
            wait_for(lambda: _answers(port), seconds=60)
            host_key = (folder / "host.pub").read_text().strip()
            yield SftpServer(port, files, pwd.getpwuid(os.getuid()).pw_name, folder / "user", host_key)


def make_keys(folder: Path) -> None:
    """Makes the keys of a server, `host`, and of its user, `user`."""
    for name in ("host", "user"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(str(folder / name))
        key.write_public_key(str(folder / f"{name}.pub"))
        (folder / name).chmod(0o600)


def _sshd(folder: Path, port: int) -> list[str]:
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    (folder / "sshd_config").write_text(
        f"""
        Port {port}
        ListenAddress 127.0.0.1
        HostKey {folder}/host
        AuthorizedKeysFile {folder}/user.pub
        PidFile none
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        PermitRootLogin prohibit-password
        MaxStartups 100
        Subsystem sftp internal-sftp
        """
    )
    assert SSHD
    return [SSHD, "-D", "-e", "-f", f"{folder}/sshd_config"]


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mangnon-server-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: list, log: int, folder: Path) -> Iterator[None]:
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=here)
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()


def _free_ports(count: int) -> list[int]:
    """Returns ports that are free now, with those 10,000 above them."""
    found: list[int] = []
    port = LOWEST_PORT + os.getpid() % 20_000
    while len(found) < count:
        port = port + 1 if port < HIGHEST_PORT else LOWEST_PORT
        if all(_is_free(number) for number in (port, port + 10_000)):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        return connection.recv(4) == b"SSH-"
    return False


Settings = Callable[[str, str], None]  # sets a variable of the environment


def use_s3(port: int, set_variable: Settings, prefix: str, secret: str = SECRET) -> None:
    """Lets inbox, archive and outbox be prefixes of the bucket."""
    for place in ("inbox", "archive", "outbox"):
        set_variable(f"MANGNON_{place.upper()}", f"s3://{BUCKET}/{prefix}/{place}")
    for name, value in (
        ("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", secret), ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}"), ("AWS_CONFIG_FILE", os.devnull),
        ("AWS_SHARED_CREDENTIALS_FILE", os.devnull), ("AWS_EC2_METADATA_DISABLED", "true"),
    ):  # fmt: skip
        set_variable(name, value)


def use_sftp(server: SftpServer, port: int, set_variable: Settings, prefix: str, known_hosts: Path) -> None:
    """Lets inbox, archive and outbox be folders of the server."""
    for place in ("inbox", "archive", "outbox"):
        address = f"sftp://{server.user}@127.0.0.1:{port}{server.folder}/{prefix}/{place}"
        set_variable(f"MANGNON_{place.upper()}", address)
    set_variable("MANGNON_SFTP_KEY", str(server.key))
    set_variable("MANGNON_SFTP_KNOWN_HOSTS", str(known_hosts))
