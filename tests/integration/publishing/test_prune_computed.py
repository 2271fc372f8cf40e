"""What was computed for releases that are not kept: it goes to the archive, and comes back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from click.testing import CliRunner
from support.ledger_by_hand import Ledger
from support.marts import OF_ALL_RELEASES, OF_NO_RELEASE
from support.nights import move_into_one_month
from support.resubmission import Resubmitted

from mangnon.cli.prune import prune as command
from mangnon.intake.archive import Damaged
from mangnon.ledger import candidates
from mangnon.publishing import copies, pruning
from mangnon.settings import settings
from mangnon.stores import StoreFailure


def answers(warehouse: ModuleType, release: int) -> dict[str, str | list[str]]:
    """What each mart shows of a release, or that it was pruned."""
    said: dict[str, str | list[str]] = {}
    options = f"-c mangnon.release={release}"
    with psycopg.connect(warehouse.reader_url(), autocommit=True, options=options) as reader:
        views = reader.execute("select viewname from pg_views where schemaname = 'marts'").fetchall()
        for (view,) in views:
            try:
                said[view] = sorted(text for (text,) in reader.execute(f"select {view}::text from marts.{view}"))
            except psycopg.errors.InvalidParameterValue as error:
                said[view] = str(error)[: len("release 1 was pruned")]
    return said


def histories(warehouse: ModuleType) -> dict[str, str | list[str]]:
    """The rows of all releases."""
    rows = answers(warehouse, 2)
    return {view: rows[view] for view in OF_ALL_RELEASES}


def copy_of(warehouse: ModuleType, release: int) -> Path:
    """Where the copy of a pruned release lies."""
    with warehouse.connect("auditor") as connection:
        row = connection.execute("select copy_sha256 from ops.releases where release_id = %s", [release]).fetchone()
    return Path(settings().archive) / "releases" / f"{release}-{row[0]}.zip"


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """A file that has another content for a while."""
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    try:
        yield
    finally:
        path.write_bytes(content)


def test_what_was_computed_goes_to_the_archive_and_comes_back_as_it_was(resubmitted: Resubmitted) -> None:
    warehouse = resubmitted.warehouse
    move_into_one_month()
    shown, everywhere = answers(warehouse, 1), histories(warehouse)
    (report, noted) = everywhere["annual_report_history"], everywhere["release_changes"]
    assert "No longer whole: 1." in CliRunner().invoke(command, ["--keep", "1"]).output

    pruned = answers(warehouse, 1)
    assert {view for view, rows in pruned.items() if rows == shown[view]} == {
        "annual_report", "about_release", *OF_NO_RELEASE, *OF_ALL_RELEASES,
    } - {"releases", "periodic_figures_history", "reporting_rates_history"}  # fmt: skip
    assert {rows for view, rows in pruned.items() if view not in OF_ALL_RELEASES and rows != shown[view]} == {
        "release 1 was pruned"
    }
    left = histories(warehouse)
    assert (left["annual_report_history"], left["release_changes"]) == (report, noted)
    for history in ("periodic_figures_history", "reporting_rates_history"):
        assert left[history] == [row for row in everywhere[history] if row.startswith("(2,")] != []
    with psycopg.connect(warehouse.reader_url()) as reader:
        assert reader.execute("select release_id from marts.releases where pruned_on is not null").fetchall() == [(1,)]

    with damaged(copy_of(warehouse, 1)):
        with pytest.raises(Damaged, match=r"the copy of release 1 at .*releases/1-.* is damaged"):
            pruning.restore(1)
        assert answers(warehouse, 1) == pruned
    assert "Release 1 is whole again" in CliRunner().invoke(command, ["--restore", "1"]).output
    assert answers(warehouse, 1) == shown
    assert histories(warehouse) == everywhere

    with warehouse.connect() as connection:  # as a later version would
        connection.execute("alter table core.computed_periodic_figures add column of_a_later_version text")
    pruning.prune(keep=1)
    with warehouse.connect() as connection:
        connection.execute("alter table core.computed_reporting_rates add column of_a_later_version text")
    pruning.restore(1)
    assert answers(warehouse, 1) == shown

    pruning.prune(keep=1)
    with warehouse.connect() as connection:
        connection.execute("alter table core.computed_reporting_rates drop column of_a_later_version")
    pruned = answers(warehouse, 1)
    with pytest.raises(copies.OfOtherVersion, match=r'column "of_a_later_version" of relation .* does not exist'):
        pruning.restore(1)
    assert answers(warehouse, 1) == pruned


def test_a_release_that_lost_no_load_is_whole_only_with_its_tables(resubmitted: Resubmitted) -> None:
    with resubmitted.warehouse.connect() as connection:
        Ledger(connection).deliver(1, "new", reporter="195")
        assert Ledger(connection).night() == 3
    move_into_one_month()
    assert pruning.prune(keep=1).releases == [1, 2]
    pruning.restore_loads([])
    assert answers(resubmitted.warehouse, 2)["fct_events"] == "release 2 was pruned"
    assert pruning.restore(2) == []
    assert len(answers(resubmitted.warehouse, 2)["reporting_rates"]) > 1000


def test_what_was_computed_for_an_old_refused_release_goes(resubmitted: Resubmitted) -> None:
    with resubmitted.warehouse.connect() as connection:
        computed = "select distinct release_id from core.{} where release_id > 2 order by 1"
        tables = [name for (name,) in connection.execute("select table_name from ops.computed_tables")]
        for table in tables:
            connection.execute(f"create temporary table copied as select * from core.{table} where release_id = 2")
            for release in (3, 5):
                connection.execute("update copied set release_id = %s", [release])
                connection.execute(f"insert into core.{table} select * from copied")
            connection.execute("drop table copied")
        ledger = Ledger(connection)
        for release in (3, 4, 5):
            ledger.deliver(release, str(release), reporter="195")
            if release == 4:
                assert ledger.night() == 4
            else:
                assert ledger.candidate() == release
                candidates.refuse(connection, release, "critical", "thử")
        move_into_one_month()
        assert pruning.prune(keep=1).others == [3]
        for table in tables:
            assert connection.execute(computed.format(table).encode()).fetchall() == [(5,)], table
        with pytest.raises(pruning.NotPruned, match="release 3 is refused"):
            pruning.restore(3)


def test_a_copy_that_cannot_be_written_leaves_the_release_whole(
    resubmitted: Resubmitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move_into_one_month()
    before = answers(resubmitted.warehouse, 1)
    monkeypatch.setenv("MANGNON_ARCHIVE", str(tmp_path / "a file" / "archive"))
    (tmp_path / "a file").touch()
    with pytest.raises(StoreFailure):
        pruning.prune(keep=1)
    assert answers(resubmitted.warehouse, 1) == before
