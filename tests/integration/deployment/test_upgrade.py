"""A warehouse that an earlier version filled is brought up to this one while people read, and the nights go on."""

import gzip
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from psycopg import sql
from support import databases
from support.marts import OF_ALL_RELEASES

from mangnon.cli.backfill import refused_lines
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.deployment import deploy, interface
from mangnon.ledger import content_hash
from mangnon.publishing import backfills, lists, phases
from mangnon.warehouse import server
from mangnon.watching import status

# Made by tests/fixtures/warehouses/make.py, each by the version that it is named after.
WAREHOUSES = sorted(path.parent for path in (Path(__file__).parents[2] / "fixtures" / "warehouses").glob("*/*.gz"))
# The first one keeps only those files that nobody had read; the others keep all that was submitted.
WITHOUT_ARCHIVE, *WITH_ARCHIVE = WAREHOUSES
YEAR = backfills.Scope(date(2020, 1, 1), date(2020, 12, 1))
LISTS = CodeLists.from_package()
RELEASES = (1, 2)
READERS = 3

# Why the marts have other names now; see docs/runbooks/new-names-in-the-marts.md.
REASON = "đã báo các đơn vị dùng số liệu"
# What the new names show otherwise: members that were one, sentences that became rules, moments of Viet Nam.
SAID_OTHERWISE = {"about_release": {"published_at", "approved_warnings"}}
SPECIAL_MEMBERS = {"total", "not_applicable", "unknown"}
# Lines that were in one view, from the views that show them now. A number of a line is a total or a part.
LINES = {
    "fct_beneficiaries": """
        select
            load_id, line, max(date_id), max(qualifier),
            max(attendances), max(support_turns), max(children), max(amount_vnd)
        from (
            select load_id, line, date_id, qualifier, attendances, support_turns, children, amount_vnd
            from marts.fct_beneficiaries
            union all
            select load_id, line, date_id, qualifier, attendances, support_turns, children, amount_vnd
            from marts.fct_beneficiaries_breakdown
        ) as lines
        group by load_id, line
    """,
    "fct_incidents": """
        select load_id, line, date_id, qualifier, cases, victims, deaths, handled_cases from marts.fct_incidents
        union all
        select load_id, line, date_id, qualifier, cases, victims, deaths, handled_cases
        from marts.fct_incidents_breakdown
    """,
    "fct_programme_sites": """
        select load_id, line, date_id, qualifier, site_count, member_count from marts.fct_programme_sites_monthly
    """,
    "fct_child_population": """
        select
            load_id, line, date_id, qualifier,
            coalesce(children, special_children, at_risk_children, group_children),
            coalesce(children_supported, group_children_supported)
        from marts.fct_child_population_monthly
        union all
        select load_id, line, date_id, qualifier, children, children_supported
        from marts.fct_child_population_breakdown
    """,
}
COLUMNS_OF_LINES = {
    "fct_beneficiaries": ["attendances", "support_turns", "children", "amount_vnd"],
    "fct_incidents": ["cases", "victims", "deaths", "handled_cases"],
    "fct_programme_sites": ["site_count", "member_count"],
    "fct_child_population": ["children", "children_supported"],
}

WAITING_DEPLOYMENT = """
    select count(*) from pg_locks
    inner join pg_stat_activity using (pid)
    where datname = current_database() and mode = 'AccessExclusiveLock' and not granted
"""

Marts = dict[str, list[str]]


@dataclass
class Readers:
    """Clients that read the marts all the time, each mart with the columns that it had before."""

    warehouse: ModuleType
    marts: Marts
    reads: int = 0
    errors: list[Exception] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Readers":
        self._threads = [threading.Thread(target=self._read) for _ in range(READERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        try:
            # One attempt of the deployment may hold a reader up, and what it then does; several on end may not.
            options = "-c lock_timeout=4s -c mangnon.release=1"
            with psycopg.connect(self.warehouse.reader_url(), autocommit=True, options=options) as reader:
                while not self._done.is_set():
                    for mart, columns in self.marts.items():
                        _rows(reader, mart, columns)
                        self.reads += 1
                        time.sleep(0.01)  # leaves the deployment something of the machine
        except Exception as error:
            self.errors.append(error)


@pytest.fixture(params=WAREHOUSES, ids=lambda folder: folder.name)
def earlier(
    request: pytest.FixtureRequest, warehouse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """The warehouse of an earlier version, with those files of its archive that nobody has read yet."""
    monkeypatch.setenv("WAREHOUSE_URL", databases.make("mangnon_test_earlier"))
    subprocess.run(
        [server.program("psql"), "--quiet", "--set=ON_ERROR_STOP=1", warehouse.url()],
        input=gzip.decompress((request.param / "warehouse.sql.gz").read_bytes()), check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    shutil.copytree(request.param / "archive", tmp_path / "archive")
    return warehouse


def test_an_upgrade_while_people_read(earlier: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]) -> None:
    marts = _kept(earlier)
    before = {release: _contents(earlier, marts, release) for release in RELEASES}
    lines = {release: _lines(earlier, release) for release in RELEASES}
    loads = _loads(earlier)
    unfinished = {load_id for load_id, _, state in loads if state in ("loaded", "modelled")}
    assert unfinished

    lists_before = _lists(earlier)
    with Readers(earlier, marts) as readers, _a_reader_who_lingers(earlier):
        deploy.deploy(REASON)
    assert _lists(earlier) == lists_before
    # Areas have places on a map of tiles now, and figures rates; the other lists have the rows that they had.
    changed = {"areas", "figures"}
    assert {one.form for one in lists.deliver_packaged() if one.is_new} == changed
    assert {new[0] for new, old in zip(_lists(earlier), lists_before, strict=True) if new != old} == changed
    loads = [*loads, *_loads(earlier)[len(loads) :]]

    assert readers.errors == []
    assert readers.reads > len(marts)
    assert {release: _contents(earlier, marts, release) for release in RELEASES} == before
    assert {release: _lines(earlier, release) for release in RELEASES} == lines
    assert _loads(earlier) == loads, "something was read again"
    assert deploy.preview() == []
    assert _noted_changes(earlier) == _changes(before)
    with earlier.connect() as connection:
        modelled = connection.execute("select load_id from ops.loads where content_hash is not null").fetchall()
        assert content_hash.changed_contents(connection, [load_id for (load_id,) in modelled]) == []

    _send(tmp_path / "inbox" / "193" / "new.xlsx")
    release = run_night()
    assert release is not None
    assert {release: _contents(earlier, marts, release) for release in RELEASES} == before
    assert {release: _lines(earlier, release) for release in RELEASES} == lines
    assert _contents(earlier, marts, release)["annual_report"] != before[2]["annual_report"]
    # What the earlier version had read counts as it read it; the new one read what nobody had read, and no more.
    assert [load[:2] for load in _loads(earlier)][: len(loads)] == [load[:2] for load in loads]
    assert unfinished <= set(_counting(earlier))
    assert len(_loads(earlier)) == len(loads) + 5 + 1


@pytest.mark.parametrize("earlier", [WITHOUT_ARCHIVE], indirect=True, ids=lambda folder: folder.name)
def test_readings_of_an_earlier_version_are_stale_and_need_the_archive(earlier: ModuleType) -> None:
    deploy.deploy(REASON)
    scope = backfills.Scope(date(2020, 1, 1), date(2020, 1, 1))
    assert _stale(earlier, scope) > 0
    with earlier.connect("loader") as connection:
        number = backfills.begin(connection, scope, "thử")
    with pytest.raises(backfills.RereadFailed, match=r"the archive has no file .* bring it back from the backup"):
        backfills.reread(number, date(2020, 1, 1))


@pytest.mark.parametrize("earlier", WITH_ARCHIVE, indirect=True, ids=lambda folder: folder.name)
def test_a_backfill_after_the_upgrade_changes_nothing(earlier: ModuleType, run_night: Callable[[], int | None]) -> None:
    deploy.deploy(REASON)
    release = run_night()
    assert release is not None
    marts = _marts(earlier)
    before = _contents(earlier, marts, release)
    counting = _counting(earlier)
    assert _stale(earlier, YEAR) > 0

    with earlier.connect("loader") as connection:
        number = backfills.begin(connection, YEAR, "thử")
    for month in range(1, 13):
        backfills.reread(number, date(2020, month, 1))
        backfills.finish(number, date(2020, month, 1))
    assert phases.publish_all() is None, "a form was read otherwise than by the earlier version"

    assert _stale(earlier, YEAR) == 0
    assert _counting(earlier) == counting
    _assert_that_silence_counts_on(earlier, number)
    with psycopg.connect(earlier.reader_url()) as reader:
        assert {mart: _rows(reader, mart, columns) for mart, columns in marts.items()} == before


def _assert_that_silence_counts_on(warehouse: ModuleType, backfill_id: int) -> None:
    """An empty form beside an x was zero once. Read again it is refused, which is shown; what was published counts."""
    with warehouse.connect() as connection:
        empty = connection.execute(
            """
            select file_name, form, loads.period
            from ops.loads
            inner join ops.deliveries using (delivery_id)
            where rows_in = 0 and load_id in (select load_id from ops.open_loads)
            """
        ).fetchall()
        found = backfills.refused(connection, backfill_id)
        shown = status.tables(connection, None)["Refused and held, newest first"]
    assert empty
    assert {(one.file_name, one.form, one.month) for one in found if one.still_counts} == set(empty)
    assert all("không có dòng số liệu nào" in one.why for one in found if one.still_counts)
    lines = list(refused_lines(found))
    assert f"Of these, {len(empty)} were read before and still count" in lines[0]
    assert len(lines) == 1 + len(found)
    still = {(row["file_name"], row["form"]) for row in shown if row["why"].endswith("before still counts.")}
    assert still == {(file_name, form) for file_name, form, _ in empty}


def _marts(warehouse: ModuleType) -> Marts:
    with psycopg.connect(warehouse.reader_url()) as reader:
        return dict(
            reader.execute(
                """
                select table_name::text, array_agg(column_name::text order by ordinal_position)
                from information_schema.columns
                where table_schema = 'marts' and table_name <> all(%s)
                group by table_name
                """,
                [list(OF_ALL_RELEASES)],
            ).fetchall()
        )


def _kept(warehouse: ModuleType) -> Marts:
    """The marts with those of their columns that this version has too."""
    with warehouse.connect() as connection:
        declared = interface.declared(connection).views
    return {
        mart: [
            name
            for name in columns
            if name in declared[f"marts.{mart}"].columns and name not in SAID_OTHERWISE.get(mart, ())
        ]
        for mart, columns in _marts(warehouse).items()
        if f"marts.{mart}" in declared and mart not in LINES
    }


def _lines(warehouse: ModuleType, release: int) -> dict[str, list[tuple]]:
    """The lines of the facts that have other views now, as BI sees them."""
    with psycopg.connect(warehouse.reader_url(), options=f"-c mangnon.release={release}") as reader:
        is_new = reader.execute("select to_regclass('marts.fct_incidents_breakdown') is not null").fetchone()
        assert is_new is not None
        seen = {}
        for mart, query in LINES.items():
            columns = ", ".join(["load_id", "line", "date_id", "qualifier", *COLUMNS_OF_LINES[mart]])
            now = query if is_new[0] else f"select {columns} from marts.{mart}"
            seen[mart] = sorted(reader.execute(now.encode()).fetchall(), key=str)
        return seen


def _contents(warehouse: ModuleType, marts: Marts, release: int) -> dict[str, list[tuple]]:
    with psycopg.connect(warehouse.reader_url(), options=f"-c mangnon.release={release}") as reader:
        return {mart: _rows(reader, mart, columns) for mart, columns in marts.items()}


def _rows(reader: psycopg.Connection, mart: str, columns: list[str]) -> list[tuple]:
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier("marts", mart)
    )
    rows = reader.execute(query).fetchall()
    if mart.startswith("dim_"):
        rows = [row for row in rows if not SPECIAL_MEMBERS.intersection(map(str, row))]
    return sorted(rows, key=str)


def _changes(before: dict[int, dict[str, list[tuple]]]) -> dict[tuple, tuple]:
    """What the second release shows differently, as its report and that of the first one say."""
    # release_id, year, figure, section, unit, value, qualifier
    old, new = (
        {(year, figure): (value, qualifier) for _, year, figure, _, _, value, qualifier, *_ in report}
        for report in (before[release]["annual_report"] for release in RELEASES)
    )
    return {key: (old.get(key), new.get(key)) for key in old | new if old.get(key) != new.get(key)}


def _noted_changes(warehouse: ModuleType) -> dict[tuple, tuple]:
    with psycopg.connect(warehouse.reader_url()) as reader:
        history = reader.execute("select distinct release_id from marts.annual_report_history order by 1").fetchall()
        assert history == [(release,) for release in RELEASES]
        assert reader.execute("select count(*) from marts.release_change_loads where release_id = 2").fetchone() > (0,)
        rows = reader.execute(
            """
            select year, figure, old_value, old_qualifier, new_value, new_qualifier
            from marts.release_changes
            where old_value is distinct from new_value or old_qualifier is distinct from new_qualifier
            """
        ).fetchall()
    return {(year, figure): ((old, said), (new, says)) for year, figure, old, said, new, says in rows}


def _stale(warehouse: ModuleType, scope: backfills.Scope) -> int:
    with warehouse.connect("auditor") as connection:
        return sum(month.stale_loads for month in backfills.stale_months(connection, scope))


def _loads(warehouse: ModuleType) -> list[tuple]:
    with warehouse.connect() as connection:
        return connection.execute("select load_id, fingerprint, state from ops.loads order by load_id").fetchall()


def _lists(warehouse: ModuleType) -> list[tuple]:
    """The lists that files are read with."""
    with warehouse.connect() as connection:
        return connection.execute("select form, load_id from ops.counting_reference_loads order by form").fetchall()


def _counting(warehouse: ModuleType) -> list[int]:
    with warehouse.connect() as connection:
        rows = connection.execute("select load_id from ops.published_loads where until_release = 2147483647")
        return [row[0] for row in rows]


def _send(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {"area": "193", "event_type": "communication", "event_count": 2, "attendances": 50}
    write_template(path, LISTS.reporters["193"], date(2020, 4, 1), LISTS, {"events": [line]}, synthetic=True)


@contextmanager
def _a_reader_who_lingers(warehouse: ModuleType) -> Iterator[None]:
    """Somebody in the middle of a transaction, until the deployment has waited for him and given way."""
    lingering = psycopg.connect(warehouse.reader_url())
    lingering.execute("select * from marts.annual_report")
    over = threading.Event()
    thread = threading.Thread(target=_linger, args=(warehouse, lingering, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _linger(warehouse: ModuleType, lingering: psycopg.Connection, over: threading.Event) -> None:
    with psycopg.connect(warehouse.url(), autocommit=True) as superuser:

        def is_waited_for() -> bool:
            return bool(superuser.execute(WAITING_DEPLOYMENT).fetchone()[0])  # type: ignore[index]

        while not is_waited_for() and not over.wait(0.05):
            pass
        latest = time.monotonic() + 10  # a deployment that gives way does so before
        while is_waited_for() and time.monotonic() < latest:
            time.sleep(0.05)
    lingering.close()
