"""`mangnon doctor`: what is wrong with this installation, in plain words, and what to do about it.

It starts nothing and changes nothing. All checks are made at once, each in a thread of its own, so that a file system
or a server that does not answer holds up no other and is itself a finding.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Literal

import psycopg

from mangnon import warehouse
from mangnon.contract.code_lists import OFFICE
from mangnon.intake import archive, places
from mangnon.orchestration import api
from mangnon.orchestration.api import ServiceError
from mangnon.reading.isolation import limits
from mangnon.settings import settings
from mangnon.stores import STORES, StoreFailure, StoreName, open_store, shown
from mangnon.stores.mark import what_is_missing
from mangnon.telling import mail
from mangnon.vietnamese import iso_moment
from mangnon.warehouse import Connection, deployments
from mangnon.watching import deadline, vitals
from mangnon.watching.folders import local_folders, try_to_write
from mangnon.watching.vitals import Vitals

POSTGRESQL = 18  # the ledger needs its temporal keys
SECONDS = 10  # for all checks together
LOWEST_FREE = 2 << 30  # bytes: a night of large workbooks, and the log of the database
# Reports are monthly: after so long something must have come and been published.
OLDEST_RELEASE = timedelta(days=40)
OLDEST_CHECK = timedelta(days=10)  # there is one every week
# Between two tasks of a publishing its candidate waits for seconds, a task may be tried again after a minute.
LONGEST_CANDIDATE = timedelta(minutes=15)
# A task that loads is ended after an hour.
LONGEST_SILENCE = timedelta(hours=1, minutes=30)
# What completes an open batch, by its kind.
AGAIN = {
    "night": "start collect_submissions again, or `mangnon night`",
    "backfill": "`mangnon backfill --list` says what is left: give the same command again",
    "reference": "its lists do not count yet: deliver them again, or `mangnon deploy`",
}

State = Literal["ok", "info", "to do", "unknown"]


@dataclass(frozen=True)
class Diagnosis:
    """One line: `to do` when somebody must act, `unknown` when something else must be fixed before anybody can tell."""

    state: State
    subject: str
    what: str
    do: str = ""


def examine(now: datetime | None = None) -> list[Diagnosis]:
    """Everything that was found, in a fixed order. Raises nothing: a check that cannot be made says so."""
    checks: dict[str, Callable[[], Iterator[Diagnosis]]] = {
        "database": partial(_database, now or datetime.now(UTC)),
        **{which: partial(_store, which) for which in STORES},
        "mark": _mark,
        "archived file": _newest_file,
        "disk": _disk,
        "Airflow": _airflow,
        "mail": _mail,
    }
    _look_up_connections()
    until = datetime.now(UTC) + timedelta(seconds=SECONDS)
    asked = {subject: _ask(subject, check) for subject, check in checks.items()}
    found: list[Diagnosis] = []
    for subject, answer in asked.items():
        try:
            found += answer.result(max(0, (until - datetime.now(UTC)).total_seconds()))
        except NoAnswer:
            found.append(
                Diagnosis("to do", subject, f"no answer within {SECONDS} s", "see whether what it needs hangs")
            )
    return found


def _look_up_connections() -> None:
    """Opens the stores, which asks no server: that Airflow takes seconds to say its connections is no store's fault."""
    for which in STORES:
        with suppress(StoreFailure):  # its own check says it
            open_store(which)


def _ask(subject: str, check: Callable[[], Iterator[Diagnosis]]) -> Future[list[Diagnosis]]:
    answer: Future[list[Diagnosis]] = Future()

    def run() -> None:
        found: list[Diagnosis] = []
        try:
            found.extend(check())
        except Exception as error:
            found.append(Diagnosis("to do", subject, f"cannot be looked at: {_line(error)}", "fix that first"))
        answer.set_result(found)

    # Not an executor: at its end it would wait for threads that hang.
    Thread(target=run, daemon=True).start()
    return answer


def _database(now: datetime) -> Iterator[Diagnosis]:
    try:
        connection = warehouse.observe()
    except psycopg.OperationalError as error:
        start = "start it, or correct WAREHOUSE_URL" if settings().warehouse_url else "start it: `mangnon up`"
        yield Diagnosis("to do", "database", f"does not answer: {_line(error)}", start)
        yield Diagnosis("unknown", "ledger", "cannot be looked at without the database")
        return
    with connection:
        number = connection.info.server_version
        if number // 10_000 == POSTGRESQL:
            yield Diagnosis("ok", "database", f"PostgreSQL {number // 10_000}.{number % 10_000} answers")
        else:
            yield Diagnosis(
                "to do", "database", f"is PostgreSQL {number // 10_000}.{number % 10_000}",
                f"PostgreSQL {POSTGRESQL} is needed: move the data to one",
            )  # fmt: skip
        if connection.execute("select pg_is_in_recovery()").fetchone() == (True,):
            yield Diagnosis(
                "to do", "database", "is a standby: it answers readers, and no night can write into it",
                "let WAREHOUSE_URL name the first server; when that is lost, promote this one "
                "(docs/runbooks/more-than-one-machine.md)",
            )  # fmt: skip
        is_deployed = connection.execute("select to_regclass('ops.deployed_views') is not null").fetchone()
        if is_deployed != (True,):
            yield Diagnosis("to do", "deployment", "nothing was deployed here", "`mangnon deploy`")
            yield Diagnosis("unknown", "ledger", "cannot be looked at before the deployment")
            return
        yield _deployment(connection)
        yield from _ledger(connection, now)


def _deployment(connection: Connection) -> Diagnosis:
    """Whether tables, views and models are those of this code: no other may write."""
    try:
        deployments.check(connection)
    except deployments.OtherCode as error:
        return Diagnosis("to do", "deployment", str(error))
    return Diagnosis("ok", "deployment", "tables, views and models are those of this code")


def _ledger(connection: Connection, now: datetime) -> Iterator[Diagnosis]:
    signs = vitals.read(connection)
    overdue = deadline.misses(signs, now)
    for miss in overdue:
        yield Diagnosis("to do", "night", miss.what, miss.do)
    if not overdue:
        last = f"the last one was on {iso_moment(signs.collected_at)}" if signs.collected_at else "none came yet"
        yield Diagnosis("ok", "night", f"nothing is overdue; {last}")
    yield from _misplaced(connection, signs)
    yield from _left_behind(signs, now)
    yield from _failed_deliveries(connection)
    yield _release(signs, now)
    yield from _checked(signs, now)


def _misplaced(connection: Connection, signs: Vitals) -> Iterator[Diagnosis]:
    """Yields the files of the inbox that nobody reads, because they lie in no place."""
    if signs.misplaced:
        query = "select path from ops.misplaced_files order by path limit %s"
        paths = [path for (path,) in connection.execute(query, [places.MOST_NAMED + 1])]
        yield Diagnosis(
            "to do", "places",
            f"{signs.misplaced} files lie in no place of the inbox and are not read: "
            f"{places.named(paths, signs.misplaced)}",
            places.HOW_TO_MOVE,
        )  # fmt: skip


def _failed_deliveries(connection: Connection) -> Iterator[Diagnosis]:
    """Yields the deliveries whose reading failed: the other files were read, these wait for a person."""
    failed = connection.execute(
        "select delivery_id, file_name, failure from ops.failed_deliveries order by delivery_id desc limit 10"
    )
    for delivery_id, file_name, failure in failed:
        yield Diagnosis(
            "to do", "delivery", f"the reading of delivery {delivery_id}, {file_name!r}, failed: {failure}",
            f"see its log; then `mangnon delivery retry {delivery_id} --reason …`, or `refuse` to set it aside",
        )  # fmt: skip


def _left_behind(signs: Vitals, now: datetime) -> Iterator[Diagnosis]:
    """Yields what an ended process left behind, and what waits for a person, even before it is overdue."""
    if signs.approval:
        yield Diagnosis(
            "to do", "approval", f"release {signs.approval} waits for a person",
            f"answer the question in Airflow, or `mangnon release approve {signs.approval} --reason …`",
        )  # fmt: skip
    if signs.candidate_since and not signs.is_publishing and now - signs.candidate_since > LONGEST_CANDIDATE:
        yield Diagnosis(
            "to do", "candidate",
            f"release {signs.candidate} is a candidate since {iso_moment(signs.candidate_since)}, "
            "and nobody works on it",
            "start publish_marts again, or `mangnon publish`: it takes the batches along",
        )  # fmt: skip
    if signs.open_batch and signs.last_load_at and now - signs.last_load_at > LONGEST_SILENCE:
        yield Diagnosis(
            "to do", "batch",
            f"batch {signs.open_batch} is open, but nothing was loaded into it since {iso_moment(signs.last_load_at)}",
            AGAIN[str(signs.open_kind)],
        )  # fmt: skip


def _release(signs: Vitals, now: datetime) -> Diagnosis:
    if signs.published_at is None:
        return Diagnosis("info", "release", "nothing was published yet")
    age = now - signs.published_at
    said = f"readers see release {signs.release} of {iso_moment(signs.published_at)}"
    if age <= OLDEST_RELEASE:
        return Diagnosis("ok", "release", said)
    return Diagnosis(
        "to do", "release", f"{said}: {age.days} days old, although reports are monthly",
        "see whether reporters deliver, and why nothing of it counts: `mangnon status`",
    )  # fmt: skip


def _newest_file() -> Iterator[Diagnosis]:
    """An archive that is another one, as after a mount that failed, can be written, but lacks what was archived."""
    try:
        with warehouse.observe() as connection:
            row = connection.execute(
                "select delivery_id, sha256 from ops.deliveries order by delivery_id desc limit 1"
            ).fetchone()
    except psycopg.Error:
        return  # that is another check's finding
    if row and not archive.is_kept(row[1]):
        yield Diagnosis(
            "to do", "archive", f"the file of delivery {row[0]} is not in {shown(settings().archive)}",
            "see whether the right disk is mounted there, or bring the archive back from a backup",
        )  # fmt: skip


def _mark() -> Iterator[Diagnosis]:
    """An inbox that is another one, as after a mount that failed, can be written too."""
    try:
        missing = what_is_missing(open_store("inbox"))
    except StoreFailure:
        return  # that is another check's finding
    if missing:
        what, _, do = missing.partition(": ")
        yield Diagnosis("to do", "inbox", what, do)


def _checked(signs: Vitals, now: datetime) -> Iterator[Diagnosis]:
    """What the last check of the archive found, and whether it was long ago."""
    if signs.archive_checked_at is None:
        yield Diagnosis("info", "archive", "was never checked: the DAG check_archive, or `mangnon archive check`, does")
        return
    last = f"the check of {iso_moment(signs.archive_checked_at)}"
    if signs.archive_damaged or signs.archive_missing:
        yield Diagnosis(
            "to do", "archive",
            f"{last} found {signs.archive_damaged} damaged and {signs.archive_missing} missing files",
            "`mangnon archive check` names them; bring them back from the backup, or have them sent again",
        )  # fmt: skip
    elif now - signs.archive_checked_at > OLDEST_CHECK:
        yield Diagnosis(
            "to do", "archive", f"{last} is the last one, although there is one every week",
            "see why the DAG check_archive failed, or run `mangnon archive check`",
        )  # fmt: skip
    else:
        yield Diagnosis("ok", "archive", f"{last} found every file whole")


def _store(which: StoreName) -> Iterator[Diagnosis]:
    address = shown(getattr(settings(), which))
    try:
        try_to_write(which)
    except Exception as error:
        yield Diagnosis(
            "to do", which,
            said if (said := _line(error)).startswith(address) else f"{address} cannot be written: {said}",
            f"let the user of this process write there, or correct MANGNON_{which.upper()}",
        )  # fmt: skip
    else:
        yield Diagnosis("ok", which, f"{address} can be written")


def _disk() -> Iterator[Diagnosis]:
    told = set()
    wanted = {place: (folder, LOWEST_FREE) for place, folder in local_folders().items()}
    wanted |= {"folder of temporary files": (Path(tempfile.gettempdir()), limits.FILE)}
    for place, (folder, lowest) in wanted.items():
        if (device := folder.stat().st_dev) in told:
            continue
        told.add(device)
        free = shutil.disk_usage(folder).free
        said = f"{free / (1 << 30):.1f} GiB are free where the {place} lies ({folder})"
        if free >= lowest:
            yield Diagnosis("ok", "disk", said)
        else:
            yield Diagnosis("to do", "disk", said, "free space, `mangnon prune` helps, or give it a larger disk")


def _airflow() -> Iterator[Diagnosis]:
    start = "`docker compose up --detach`" if settings().airflow_url else "start it: `mangnon up`"
    try:
        health = api.ask("GET", "monitor/health")
        dags = api.ask("GET", "dags?limit=1000")["dags"]
        broken = api.ask("GET", "importErrors")["import_errors"]
    except ServiceError as error:
        yield Diagnosis("to do", "Airflow", f"does not answer, so no night comes: {_line(error)}", start)
        yield Diagnosis("unknown", "schedule", "cannot be looked at while Airflow is down")
        return
    ill = [part for part in ("metadatabase", "scheduler", "dag_processor") if health[part]["status"] != "healthy"]
    if ill:
        yield Diagnosis("to do", "Airflow", f"not healthy, so no night comes: {', '.join(ill)}", start)
    else:
        yield Diagnosis("ok", "Airflow", "is healthy")
    for file in broken:
        yield Diagnosis(
            "to do", "schedule", f"Airflow cannot read {file['filename']}", "deploy the DAGs of this version"
        )
    paused = [dag["dag_id"] for dag in dags if dag["is_paused"] and not dag["is_stale"]]
    if paused:
        yield Diagnosis("to do", "schedule", f"paused: {', '.join(paused)}", "switch it on in Airflow's UI")
    elif not broken:
        yield Diagnosis("ok", "schedule", "no DAG is paused")


def _mail() -> Iterator[Diagnosis]:
    if not mail.is_configured():
        yield Diagnosis("info", "mail", "not configured: reporters find their answers in the outbox, nobody is mailed")
        return
    if parseaddr(settings().mail_from or "")[1].count("@") != 1:
        yield Diagnosis("to do", "mail", "MANGNON_MAIL_FROM is no address", "write the address that letters come from")
    if not mail.addresses().get(OFFICE):
        yield Diagnosis(
            "info", "mail", f"no line {OFFICE} in MANGNON_MAIL_ADDRESSES: nobody hears of a missed deadline"
        )
    else:
        yield Diagnosis("ok", "mail", "configured")


def _line(error: Exception) -> str:
    """The first line of what an error says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
