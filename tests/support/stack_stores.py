"""Servers of S3 and SFTP as containers in the network of the stack."""

from pathlib import Path

from mangnon.orchestration import api
from support import remote
from support.stack import NAME, is_healthy, podman

NETWORK = f"{NAME}_default"
S3_PORT, SFTP_PORT = 8333, 2222
SFTP_SERVER = Path(__file__).with_name("asyncssh_server.py")


def start_s3(folder: Path) -> dict[str, object]:
    """Starts SeaweedFS, before or after the stack. Returns the settings with which everything lies there."""
    remote.write_users(folder / "s3.json")
    ports = {"s3.port": S3_PORT}
    _run(
        "s3", S3_PORT, "--volume", f"{remote.WEED}:/weed:ro", "--volume", f"{folder}/s3.json:/s3.json:ro",
        "debian:13.8-slim", "/weed", *remote.weed_options("/tmp", "0.0.0.0", "/s3.json", ports),
    )  # fmt: skip
    api.wait(lambda: "ready to use" in podman("logs", f"{NAME}_s3_1"), 60, "the bucket")
    places = {f"MANGNON_{place.upper()}": f"s3://{remote.BUCKET}/{place}" for place in ("inbox", "archive", "outbox")}
    return places | {
        "AWS_ACCESS_KEY_ID": remote.KEY,
        "AWS_SECRET_ACCESS_KEY": remote.SECRET,
        "AWS_ENDPOINT_URL": f"http://s3:{S3_PORT}",
    }


def start_sftp(folder: Path) -> str:
    """Starts a server of SFTP that shows this folder. Returns the address of its folder `inbox`.

    The files of the client, its key and the server's, go where docker/.env.example says: into the volume `secrets`.
    """
    remote.make_keys(folder)
    (folder / "inbox").mkdir()
    _run(
        "sftp", SFTP_PORT, "--user", "0", "--volume", f"{folder}:/srv/sftp", "--volume", f"{SFTP_SERVER}:/server.py:ro",
        "mangnon:0.1.0", "python", "/server.py", "/srv/sftp", str(SFTP_PORT), "0.0.0.0",
    )  # fmt: skip
    (folder / "known_hosts").write_text(f"[sftp]:{SFTP_PORT} {(folder / 'host.pub').read_text()}")
    for source, target in (("user", "sftp_key"), ("known_hosts", "known_hosts")):
        podman("cp", folder / source, f"{NAME}_scheduler_1:/var/lib/mangnon/secrets/{target}")
    return f"sftp://sftp:{SFTP_PORT}/srv/sftp/inbox"


def _run(service: str, port: int, *options: str | Path) -> None:
    if NETWORK not in podman("network", "ls", "--format", "{{.Name}}").split():
        podman("network", "create", NETWORK)
    podman(
        "run", "--detach", "--name", f"{NAME}_{service}_1", "--network", NETWORK, "--network-alias", service,
        "--health-cmd", f"bash -c '</dev/tcp/127.0.0.1/{port}'", *options,
    )  # fmt: skip
    api.wait(lambda: is_healthy(f"{NAME}_{service}_1"), 60, f"the server of {service}")
