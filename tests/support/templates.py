"""The databases that most tests begin with: an empty deployed warehouse, one with lists, and one with the sample.

The first pytest worker that needs them makes them, on a server of their own under `.mangnon-test/templates`. Each
worker starts with a copy of that home. The next run uses them again if neither the code nor the day has changed.
`python -m support.templates NAME` makes one in the home that the environment names.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg
import sqlalchemy
from psycopg import sql

from mangnon.deployment import deploy
from mangnon.deployment.inbox_mark import mark_inbox
from mangnon.publishing import lists
from mangnon.sample import write_sample
from mangnon.settings import PROJECT, TIMEZONE, settings
from mangnon.telling import messages
from mangnon.warehouse import server
from support import databases
from support.dbt_server import quick_dbt
from support.nights import do_night

DEPLOYED = "mangnon_test_deployed"
LISTED = "mangnon_test_listed"
PUBLISHED = "mangnon_test_published"
HOME = PROJECT / ".mangnon-test" / "templates"
COPIED = ("postgres.json", "bi_reader.password", "dbt", "published")
MADE_FROM = ("src", "dbt_project", "expectations", "requirements.lock", "tests/support")
# Safe here, because these servers end with their tests. A test that kills a server starts another one without them.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "scram_iterations": "1"}


def take_over(wanted: list[str]) -> None:
    """Makes the home of this worker a copy of the templates' home, with the wanted templates.

    Each is made from the one before: DEPLOYED, LISTED, PUBLISHED.
    """
    ours, ours_server = settings().home, server.folder()
    server.stop()  # an interrupted run may have left it running
    shutil.rmtree(ours_server)
    with _locked(), _at_home(HOME):
        if not _is_made(DEPLOYED):
            server.stop()
            shutil.rmtree(server.folder())
            shutil.rmtree(HOME)
            _make(DEPLOYED)
        for template in wanted:
            if not _is_made(template):
                _make(template)
        theirs_server = server.folder()
        subprocess.run(["cp", "-Rp", theirs_server, ours_server], check=True)
    for name in COPIED:
        shutil.rmtree(ours / name, ignore_errors=True)
        if (HOME / name).exists():
            subprocess.run(["cp", "-Rp", HOME / name, ours], check=True)


def make_deployed() -> None:
    """Makes the deployed database on the server of this home, or on the given one."""
    os.environ["WAREHOUSE_URL"] = databases.make(DEPLOYED)
    deploy.deploy()


def make_listed() -> None:
    """Makes the database with lists on the same server, and in this home the folder with its archive."""
    os.environ["WAREHOUSE_URL"] = databases.make(LISTED, DEPLOYED)
    folder = settings().home / "published"
    shutil.rmtree(folder, ignore_errors=True)
    _point_to(folder)
    mark_inbox()
    lists.deliver_packaged()


def make_published() -> None:
    """Makes the published database on the same server; its archive is in the same folder."""
    os.environ["WAREHOUSE_URL"] = databases.make(PUBLISHED, LISTED)
    folder = settings().home / "published"
    _point_to(folder)
    write_sample(folder / "inbox")
    do_night()
    messages.write_feedback()  # the cases of 2019 lack victims; told here, so that tests see only their own feedback


def _point_to(folder: Path) -> None:
    for place in ("inbox", "archive", "outbox"):
        os.environ[f"MANGNON_{place.upper()}"] = str(folder / place)


def _make(template: str) -> None:
    """Makes a template in a process of its own, so that its environment and its dbt do not change ours."""
    # The root comes first: the folder tests/expectations must not be taken for the package of that name.
    found = os.pathsep.join([str(PROJECT), str(PROJECT / "tests")])
    subprocess.run(
        [sys.executable, "-m", "support.templates", template],
        env=os.environ | {"PYTHONPATH": found}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    (HOME / template).write_text(_hash())


def _is_made(template: str) -> bool:
    stamp = HOME / template
    return stamp.exists() and stamp.read_text() == _hash()


def _hash() -> str:
    """Returns a hash of what the templates are made from, and of Viet Nam's day, as tests ask how old things are."""
    said = hashlib.sha256(f"{datetime.now(TIMEZONE).date()} {sys.version}".encode())
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
    """Configures the server for speed: it does not wait for the disk, and passwords cost little."""
    address = sqlalchemy.make_url(server.url("postgres"))
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        for name, value in FAST.items():
            connection.execute(f"alter system set {name} = {value}".encode())
        connection.execute("select pg_reload_conf()")
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        password = sql.Literal(address.password)  # setting it again stores it with fewer scram_iterations
        connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(server.SUPERUSER), password))


def _main(template: str) -> None:
    server.start()
    with quick_dbt():
        if template == DEPLOYED:
            _hurry()
            make_deployed()
        elif template == LISTED:
            make_listed()
        else:
            make_published()
    server.stop()


if __name__ == "__main__":
    _main(sys.argv[1])
