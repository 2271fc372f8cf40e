"""The image and a stack without anything, one for each file of tests."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.stack import WORK, configure, measured, podman, remove, run, within

from mangnon.orchestration import api

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def image() -> str:
    """The built image; the number of its user, its version and its commit are told to the build."""
    began = time.monotonic()
    run(HERE / "prepare.sh", WORK, Path(sys.executable).parents[1])
    measured("the images that cannot be pulled, made", began)
    began = time.monotonic()
    commit = run("git", "rev-parse", "HEAD").strip()
    podman(
        "build", "--isolation=chroot", "--network=host", "--build-arg", f"COMMIT={commit}",
        "--volume", f"{WORK}/build:/run/build:ro", "--volume", f"{WORK}/build/pip.conf:/etc/pip.conf:ro",
        "--file", "docker/Dockerfile", "--tag", "mangnon:0.1.0", ".",
    )  # fmt: skip
    measured("the image of the project, built", began)
    return "mangnon:0.1.0"


@pytest.fixture(scope="module")
def ports(image: str) -> Iterator[dict[str, int]]:
    """The published ports of a stack that has nothing yet; afterwards nothing of it is left."""
    remove()
    with ExitStack() as probes:
        free = [probes.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(3)]
    chosen = dict(zip(("AIRFLOW_PORT", "WAREHOUSE_PORT", "METRICS_PORT"), free, strict=True))
    configure(chosen)
    yield chosen
    remove()


@pytest.fixture
def stack_airflow(ports: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`services` speaks with the stack's Airflow, through the published port and with the generated password."""
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    monkeypatch.setenv("MANGNON_AIRFLOW_URL", f"http://127.0.0.1:{ports['AIRFLOW_PORT']}")
    api.token.cache_clear()  # a restored stack has other keys
    api.password_file().parent.mkdir()
    api.password_file().write_text(within("api-server", "cat", "/var/lib/mangnon/airflow/passwords.json"))
