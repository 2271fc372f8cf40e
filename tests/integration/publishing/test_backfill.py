"""Backfills: what is stale is read again, all months in one release, and asking twice changes nothing."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from support import databases
from support.airflow import running_airflow
from support.lists import changed as changed_list
from support.lists import deliver, packaged

from mangnon import settings
from mangnon.cli.backfill import backfill as command
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.ledger import fingerprint
from mangnon.orchestration import api
from mangnon.publishing import backfills, phases

YEAR_2020 = backfills.Scope(date(2020, 1, 1), date(2020, 12, 1))
MONTHS = [date(2020, month, 1) for month in range(1, 13)]
# Of a snapshot, the year shows what its last month shows.
LAST_QUARTER = backfills.Scope(date(2020, 10, 1), date(2020, 12, 1))
FIRST_QUARTER = backfills.Scope(date(2020, 1, 1), date(2020, 3, 1))
MISSING = date(2020, 11, 1)  # the month of which a file is not in the archive
# One school model more is a child-protection model: one more of F05, one less of F21.
CORRECTED = ("thuốc nam quý hiếm,school_model", "thuốc nam quý hiếm,child_protection_model")

Night = Callable[[], int | None]


def correct_the_code_list(folder: Path, back: bool = False) -> None:
    """Delivers the code list with a programme of another kind, or again the first one."""
    text = packaged("codes") if back else changed_list("codes", *CORRECTED)
    assert deliver(folder, "codes", text).is_accepted


def reread(backfill_id: int, months: list[date] = MONTHS) -> list[date]:
    """Does the months as the DAG does; those that say that the batch waits to be published."""
    closing = []
    for month in months:
        backfills.reread(backfill_id, month)
        if backfills.finish(backfill_id, month):
            closing.append(month)
    return closing


def publish_all() -> int | None:
    return phases.publish_all()


def begin(warehouse: ModuleType, scope: backfills.Scope = YEAR_2020, reason: str = "a test") -> int:
    with warehouse.connect("loader") as connection:
        return backfills.begin(connection, scope, reason)


def stale(warehouse: ModuleType, scope: backfills.Scope = YEAR_2020) -> int:
    with warehouse.connect("auditor") as connection:
        return sum(month.stale_loads for month in backfills.stale_months(connection, scope))


def figures(warehouse: ModuleType, release: int | None = None) -> dict[tuple[int, str], Decimal]:
    with warehouse.connect("auditor", release) as connection:
        rows = connection.execute("select year, figure, value from marts.annual_report").fetchall()
    return {(year, figure): value for year, figure, value in rows}


def changed(warehouse: ModuleType, old: int, new: int) -> dict[tuple[int, str], Decimal]:
    """Which figures the newer release shows differently, and by how much."""
    before, after = figures(warehouse, old), figures(warehouse, new)
    assert before.keys() == after.keys()
    return {key: after[key] - before[key] for key in before if after[key] != before[key]}


def checksum(warehouse: ModuleType) -> str:
    """What BI sees, in one number: the figures, and the facts without the keys that say where they came from."""
    content = {
        "events": "area_version, event_type, programme, period, event_count, attendances",
        "beneficiaries": "area_version, occasion, period, children, amount_vnd",
        "incidents": "area_version, period, cases, victims",
        "programme_sites": "area_version, programme, period, site_count",
        "child_population": "area_version, period, children",
    }
    facts = [
        query(warehouse, f"select count(*), sum(hashtextextended(({columns})::text, 0)) from marts.fct_{form}")
        for form, columns in content.items()
    ]
    return hashlib.sha256(f"{sorted(figures(warehouse).items())}{facts}".encode()).hexdigest()


def query(warehouse: ModuleType, statement: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return connection.execute(statement).fetchall()


@contextmanager
def missing_in_the_archive(warehouse: ModuleType, month: date) -> Iterator[str]:
    """One file of the month is not there; its name."""
    name, sha256 = query(
        warehouse,
        f"select file_name, sha256 from ops.deliveries where period = '{month}' order by delivery_id desc limit 1",
    )[0]
    path = Path(settings.settings().archive) / sha256[:2] / sha256
    away = path.with_suffix(".away")
    path.rename(away)
    try:
        yield name
    finally:
        away.rename(path)


@pytest.fixture
def corrected(published: ModuleType, tmp_path: Path, run_night: Night) -> ModuleType:
    """After the sample a night with a corrected code list, which makes readings of 2020 stale."""

    def correct() -> None:
        correct_the_code_list(tmp_path)
        assert run_night() == 2

    databases.once("corrected", correct)
    return published


def test_unchanged_code_changes_nothing(published: ModuleType) -> None:
    before = checksum(published)
    assert stale(published) == 0
    result = CliRunner().invoke(command, ["--from", "2020-01", "--to", "2020-12", "--reason", "just to be sure"])
    assert result.exit_code == 0, result.output
    assert "Nothing is stale" in result.output
    assert query(published, "select count(*) from ops.backfills") == [(0,)]

    # Done all the same, it reads nothing and makes no release.
    assert reread(begin(published)) == MONTHS[-1:]
    assert publish_all() is None
    assert query(published, "select count(*) from ops.releases") == [(1,)]
    assert query(published, "select state from ops.batches where kind = 'backfill'") == [("published",)]
    assert query(published, "select count(*) from ops.loads inner join ops.backfills using (batch_id)") == [(0,)]
    assert checksum(published) == before


def test_a_corrected_code_list_changes_exactly_its_figures_in_one_release(corrected: ModuleType) -> None:
    assert changed(corrected, 1, 2) == {}  # the facts of the past are what they were read as

    shown = CliRunner().invoke(command, ["--from", "2020-01", "--to", "2020-12", "--dry-run"])
    assert shown.exit_code == 0
    assert "2020-01   " in shown.output
    assert "child_population, events, incidents" in shown.output.replace("beneficiaries, ", "")
    assert "nothing was changed" in shown.output
    assert stale(corrected) > 600

    backfill_id = begin(corrected, reason="đông y là mô hình bảo vệ trẻ em")
    assert reread(backfill_id, MONTHS[:-1]) == []
    assert publish_all() is None  # the batch is open: nothing of it is published
    assert reread(backfill_id, MONTHS[-1:]) == MONTHS[-1:]
    assert publish_all() == 3
    assert changed(corrected, 2, 3) == {(2020, "F05"): 1, (2020, "F21"): -1}
    assert figures(corrected, 2) == figures(corrected, 1)

    # Again: nothing is stale, and nothing changes.
    after = checksum(corrected)
    assert stale(corrected) == 0
    assert reread(begin(corrected)) == MONTHS[-1:]
    assert publish_all() is None
    assert checksum(corrected) == after
    listed = CliRunner().invoke(command, ["--list"]).output
    assert "đông y là mô hình" in listed
    assert "2020-01 to 2020-12, reporter all, form all: 12 of 12 months" in listed
    assert "release 3" in listed
    assert "nothing changed, no release" in listed


def test_a_failing_month_holds_the_release_up_until_it_is_mended(
    corrected: ModuleType, tmp_path: Path, run_night: Night
) -> None:
    backfill_id = begin(corrected, LAST_QUARTER)
    with missing_in_the_archive(corrected, MISSING) as name:
        for month in MONTHS[-3:]:
            if month == MISSING:
                with pytest.raises(backfills.RereadFailed, match=f"{name}.*could not be read again"):
                    backfills.reread(backfill_id, month)
            else:
                assert reread(backfill_id, [month]) == []
        assert publish_all() is None

    # A night in the middle has a batch, and a release, of its own.
    lists = CodeLists.from_package()
    place = tmp_path / "inbox" / "193"
    place.mkdir()
    write_template(
        place / "a.xlsx", lists.reporters["193"], date(2020, 7, 1), lists, {"events": []},
        revision=2, reason="rút số liệu", synthetic=True,
    )  # fmt: skip
    assert run_night() == 3
    assert {figure for _, figure in changed(corrected, 2, 3)} <= {f"F0{number}" for number in range(1, 5)} | {"F20"}

    # Left half way, the same command goes on with it; what was read is not read again.
    with corrected.connect("loader") as connection:
        assert backfills.unfinished(connection, LAST_QUARTER) == backfill_id
        assert backfills.unfinished(connection, backfills.Scope(*MONTHS[:2])) is None
    assert [backfills.reread(backfill_id, month) > 0 for month in MONTHS[-3:]] == [False, True, False]
    assert backfills.finish(backfill_id, MISSING)
    assert backfills.finish(backfill_id, MISSING), "a task that was killed says it again"
    assert publish_all() == 4
    assert not backfills.finish(backfill_id, MISSING)
    assert changed(corrected, 3, 4) == {(2020, "F05"): 1, (2020, "F21"): -1}
    assert stale(corrected, LAST_QUARTER) == 0


def test_one_reporter_and_one_form_only(corrected: ModuleType) -> None:
    everything = stale(corrected, FIRST_QUARTER)
    scope = backfills.Scope(date(2020, 1, 1), date(2020, 2, 1), "193", "incidents")
    assert stale(corrected, scope) == 2
    backfill_id = begin(corrected, scope)
    assert [backfills.reread(backfill_id, month) for month in MONTHS[:3]] == [1, 1, 0]
    assert query(
        corrected,
        "select distinct loads.reporter_code, loads.form from ops.loads inner join ops.backfills using (batch_id)",
    ) == [("193", "incidents")]
    assert stale(corrected, FIRST_QUARTER) == everything - 2

    # Another backfill, of all reporters and forms, is independent; what the first has read is not read again.
    other = begin(corrected, FIRST_QUARTER)
    assert reread(other, MONTHS[:3]) == [MONTHS[2]]
    assert publish_all() == 3
    assert reread(backfill_id, MONTHS[:2]) == [date(2020, 2, 1)]
    assert publish_all() is None
    assert query(corrected, "select count(*) from ops.loads inner join ops.backfills using (batch_id)") == [
        (everything,)
    ]
    with_loads = "select distinct batches.state from ops.batches inner join ops.loads using (batch_id)"
    assert query(corrected, with_loads) == [("published",)]


def test_code_that_is_changed_and_changed_back_ends_where_it_began(
    published: ModuleType, tmp_path: Path, run_night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = checksum(published)
    with monkeypatch.context() as patch:
        patch.setattr(fingerprint, "code", lambda: "a change that changes nothing")
        assert stale(published, LAST_QUARTER) > 150
        assert reread(begin(published, LAST_QUARTER), MONTHS[-3:]) == MONTHS[-1:]
        assert publish_all() is None
        assert stale(published, LAST_QUARTER) == 0
    assert stale(published, LAST_QUARTER) > 150
    assert reread(begin(published, LAST_QUARTER), MONTHS[-3:]) == MONTHS[-1:]
    assert publish_all() is None
    assert stale(published, LAST_QUARTER) == 0
    assert checksum(published) == before

    correct_the_code_list(tmp_path)
    run_night()
    reread(begin(published, LAST_QUARTER), MONTHS[-3:])
    publish_all()
    assert checksum(published) != before
    correct_the_code_list(tmp_path, back=True)
    run_night()
    reread(begin(published, LAST_QUARTER), MONTHS[-3:])
    publish_all()
    assert checksum(published) == before


def test_code_that_changes_half_way_ends_in_one_release_of_one_code(
    published: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "code", lambda: "the first change")
    backfill_id = begin(published, LAST_QUARTER)
    october, november, december = MONTHS[-3:]
    assert reread(backfill_id, [october, november]) == []
    monkeypatch.setattr(fingerprint, "code", lambda: "the second change")
    with published.connect("loader") as connection:
        backfills.resume(connection, backfill_id, backfills.stale_months(connection, LAST_QUARTER))
    assert reread(backfill_id, [december]) == []
    assert reread(backfill_id, [october, november]) == [november]
    assert stale(published, LAST_QUARTER) == 0
    assert publish_all() is None  # none of it changed what is read


def test_of_months_that_end_at_the_same_moment_exactly_one_is_the_last(warehouse: ModuleType) -> None:
    for _ in range(5):
        backfill_id = begin(warehouse)
        with ThreadPoolExecutor(len(MONTHS)) as pool:
            said = list(pool.map(backfills.finish, [backfill_id] * len(MONTHS), MONTHS))
        assert said.count(True) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "2020-01"], "say which months"),
        (["--from", "2020-03", "--to", "2020-01"], "is later than"),
        (["--from", "2020-01", "--to", "2999-01"], "is in the future"),
        (["--from", "2020-01", "--to", "2020-12", "--form", "incident"], "there is no form incident; the forms are"),
        (["--from", "2020-01-01", "--to", "2020-12"], "does not match the format"),
    ],
)
def test_wrong_usage_is_said_plainly(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_a_backfill_needs_a_reason(corrected: ModuleType) -> None:
    result = CliRunner().invoke(command, ["--from", "2020-01", "--to", "2020-12", "--reason", " "])
    assert result.exit_code == 2
    assert "say why" in result.output
    assert query(corrected, "select count(*) from ops.backfills") == [(0,)]


@pytest.fixture
def airflow(published: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    with running_airflow(monkeypatch) as running:
        yield running


def test_airflow_does_every_month_and_publishes_once(
    airflow: ModuleType, published: ModuleType, tmp_path: Path, run_night: Night
) -> None:
    correct_the_code_list(tmp_path)
    assert run_night() == 2
    arguments = ["--from", "2020-09", "--to", "2020-12", "--reason", "a corrected kind"]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    assert "4 of 4 months" in result.output
    assert "release 3" in result.output
    runs = _runs("reprocess_periods")
    asked = [run for run in runs if run["run_type"] == "backfill"]
    assert [run["logical_date"][:10] for run in asked] == [f"{month}" for month in MONTHS[-4:]]
    assert {run["state"] for run in runs} == {"success"}  # also of the clock's own, which does nothing
    assert [run["state"] for run in _runs("publish_marts")] == ["success"]
    assert changed(published, 2, 3) == {(2020, "F05"): 1, (2020, "F21"): -1}
    assert stale(published, backfills.Scope(MONTHS[-4], MONTHS[-1])) == 0

    again = CliRunner().invoke(command, arguments)
    assert again.exit_code == 0
    assert "Nothing is stale" in again.output
    assert _runs("reprocess_periods") == runs

    # The code list is put right at once: Airflow has not completed the first backfill yet, and knows these months.
    correct_the_code_list(tmp_path, back=True)
    assert run_night() == 4
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    assert "release 5" in result.output
    assert len(_runs("publish_marts")) == 2
    assert changed(published, 1, 5) == {}


def _runs(dag_id: str) -> list[dict[str, Any]]:
    return list(api.ask("GET", f"dags/{dag_id}/dagRuns?order_by=logical_date")["dag_runs"])
