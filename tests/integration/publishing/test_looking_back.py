"""Looking back and comparing: what a release showed stays, and a candidate is shown to nobody."""

from decimal import Decimal
from types import ModuleType

import psycopg
import pytest
from support.ledger_by_hand import Ledger
from support.marts import OF_ALL_RELEASES, OF_NO_RELEASE
from support.outcomes import everything, run
from support.resubmission import Resubmitted

from mangnon.cli.release import release as release_command
from mangnon.ledger import releases
from mangnon.publishing import decisions


def test_diff_says_which_figures_changed_and_through_which_loads(resubmitted: Resubmitted) -> None:
    with resubmitted.warehouse.connect("auditor") as connection:
        difference = releases.diff(connection, 1, 2)
    old, new = (shown_figures(resubmitted.warehouse, release) for release in (1, 2))
    assert {(figure.year, figure.figure): (figure.old_value, figure.new_value) for figure in difference.figures} == {
        key: (old[key], new[key]) for key in old if old[key] != new[key]
    }
    assert {figure.change for figure in difference.figures if figure.figure == "F01"} == {
        new[2020, "F01"] - old[2020, "F01"]
    }
    (load,) = difference.loads
    assert (load.reporter_code, load.form, load.old_revision, load.new_revision) == ("193", "events", 1, 2)
    assert (load.new_load, load.reason) == (resubmitted.load, "thiếu một buổi")
    assert (difference.added, difference.removed, difference.replaced) == (0, 0, 1)
    output = run(release_command, "diff", 1, 2)
    for words in ("F01", "1 → 2", str(load.new_file), "thiếu một buổi", "0 added, 0 removed, 1 replaced"):
        assert words in output
    assert "Release 2, which readers see now, against release 1" in decisions.preview(1)

    with resubmitted.warehouse.connect() as connection:
        connection.execute("update ops.releases set pruned_at = now() where release_id = 1")
    assert run(release_command, "diff", 1, 2) == output, "what was computed for a pruned release stays"
    assert "pruned" in run(release_command, "list")


def shown_figures(warehouse: ModuleType, release: int) -> dict[tuple[int, str], Decimal | None]:
    """The figures that BI sees in a release."""
    with psycopg.connect(warehouse.reader_url(), options=f"-c mangnon.release={release}") as reader:
        rows = reader.execute("select year, figure, value from marts.annual_report").fetchall()
        return {(year, figure): value for year, figure, value in rows}


def test_every_mart_can_be_looked_back_at(resubmitted: Resubmitted) -> None:
    """By number and by day, for every view of the marts, as a BI tool does it."""
    warehouse = resubmitted.warehouse
    with warehouse.connect() as connection:
        connection.execute("update ops.releases set published_at = '2021-01-15 16:30+00' where release_id = 1")
    first, second = everything(warehouse, 1), everything(warehouse, 2)
    assert everything(warehouse) == second
    changed = {view for view in first if first[view] != second[view]}
    assert changed >= {"fct_events", "annual_report", "reporting_rates"}
    assert {view for view in changed if view.startswith(("fct_", "dim_"))} == {"fct_events"}
    with psycopg.connect(warehouse.reader_url()) as reader:
        for setting in ("mangnon.release = '1'", "mangnon.as_of = '2021-01-15'"):
            reader.execute("reset all")
            reader.execute(f"set {setting}")
            assert reader.execute("select release_id from marts.about_release").fetchall() == [(1,)]
            for view, rows in first.items():
                (count,) = reader.execute(f"select count(*) from marts.{view}").fetchone()
                assert count == len(rows), view
            assert reader.execute("select min(release_id), max(release_id) from marts.annual_report").fetchone() == (
                1,
                1,
            )


def test_a_bi_reader_reaches_no_candidate_through_any_mart(published: ModuleType) -> None:
    with published.connect() as connection:
        Ledger(connection).deliver(2, "two")
        candidate = Ledger(connection).candidate()
    with psycopg.connect(published.reader_url(), autocommit=True) as reader:
        views = reader.execute("select viewname from pg_views where schemaname = 'marts'").fetchall()
        assert len(views) > 20
        reader.execute(f"set mangnon.release = '{candidate}'")
        for (view,) in views:
            if view in (*OF_ALL_RELEASES, *OF_NO_RELEASE):
                continue
            with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"no published release {candidate}"):
                reader.execute(f"select * from marts.{view}")
        for view in OF_ALL_RELEASES:
            assert (candidate,) not in reader.execute(f"select release_id from marts.{view}").fetchall()
