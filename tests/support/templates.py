"""The databases that most tests begin with: a deployed warehouse that is empty, and one with the sample as release 1.

They are made once, by whichever worker of pytest needs them first, on a server of their own under
`.mangnon-test/templates`; each worker starts with a copy of that home. The next run takes them over as long as neither
the code nor the day has changed. `python -m support.templates` makes them, in the home that the environment names.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
import sqlalchemy
from psycopg import sql

from mangnon.deployment import deploy
from mangnon.sample import write_sample
from mangnon.settings import PROJECT, settings
from mangnon.telling import messages
from mangnon.warehouse import server
from support import databases
from support.nights import do_night

DEPLOYED = "mangnon_test_deployed"
PUBLISHED = "mangnon_test_published"
HOME = PROJECT / ".mangnon-test" / "templates"
COPIED = ("postgres.json", "bi_reader.password", "dbt", "published")
MADE_FROM = ("src", "dbt_project", "expectations", "requirements.lock", "tests/support")
# These servers end with their tests. A server that a test kills is another one, and keeps what it promised.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "scram_iterations": "1"}


def take_over() -> None:
    """Makes the home of this worker a copy of the templates' one."""
    ours, ours_server = settings().home, server.folder()
    server.stop()  # one that an interrupted run left behind
    shutil.rmtree(ours_server)
    shutil.rmtree(ours / "published", ignore_errors=True)
    with _locked(), _at_home(HOME):
        if not _is_made():
            _make_in_another_process()
        theirs_server = server.folder()
    subprocess.run(["cp", "-Rp", theirs_server, ours_server], check=True)
    for name in COPIED:
        subprocess.run(["cp", "-Rp", HOME / name, ours], check=True)


def make() -> None:
    """Makes both databases on the server of this home, or the given one, and here the archive of the published one."""
    os.environ["WAREHOUSE_URL"] = databases.make(DEPLOYED)
    deploy.deploy()
    os.environ["WAREHOUSE_URL"] = databases.make(PUBLISHED, DEPLOYED)
    folder = settings().home / "published"
    for place in ("inbox", "archive", "outbox"):
        os.environ[f"MANGNON_{place.upper()}"] = str(folder / place)
    deploy.deliver_reference()
    write_sample(folder / "inbox")
    do_night()
    messages.write_feedback()  # nobody knows whom the cases of 2019 hurt


def _make_in_another_process() -> None:
    server.stop()
    shutil.rmtree(server.folder())
    shutil.rmtree(HOME)
    subprocess.run(
        [sys.executable, "-m", "support.templates"],
        env=os.environ | {"PYTHONPATH": str(PROJECT / "tests")}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    (HOME / "made from").write_text(_hash())


def _is_made() -> bool:
    file = HOME / "made from"
    return file.exists() and file.read_text() == _hash()


def _hash() -> str:
    """Of the day, since some tests ask how old things are, and of all that decides what is in the templates."""
    said = hashlib.sha256(f"{date.today()} {sys.version}".encode())
    for top in MADE_FROM:
        for path in sorted((PROJECT / top).rglob("*") if (PROJECT / top).is_dir() else [PROJECT / top]):
            if path.is_file() and path.suffix != ".pyc":
                said.update(f"{path}\0".encode() + path.read_bytes())
    return said.hexdigest()


@contextmanager
def _locked() -> Iterator[None]:
    HOME.parent.mkdir(exist_ok=True)
    with (HOME.parent / "templates.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _at_home(home: Path) -> Iterator[None]:
    kept = os.environ["MANGNON_HOME"]
    os.environ["MANGNON_HOME"] = str(home)
    try:
        yield
    finally:
        os.environ["MANGNON_HOME"] = kept


def _hurry() -> None:
    """Has the server wait for nothing."""
    address = sqlalchemy.make_url(server.url("postgres"))
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        for name, value in FAST.items():
            connection.execute(f"alter system set {name} = {value}".encode())
        connection.execute("select pg_reload_conf()")
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        password = sql.Literal(address.password)  # the same one, with the fewer rounds of scram_iterations
        connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(server.SUPERUSER), password))


if __name__ == "__main__":
    server.start()
    _hurry()
    make()
    server.stop()
