"""History as data: two releases in one query, the report of a day, and what each release changed."""

import re
from datetime import date, timedelta
from types import ModuleType

import psycopg
import pytest
from support.ledger_by_hand import Ledger
from support.resubmission import Resubmitted

from mangnon.ledger import candidates
from mangnon.publishing import decisions
from mangnon.settings import PROJECT

REPORT = "year, figure, value, qualifier, complete_reporters, expected_reporters"
HISTORIES = ("annual_report_history", "periodic_figures_history", "reporting_rates_history")
OF_A_DAY = """
    select releases.release_id, count(*)
    from marts.annual_report_history
    inner join marts.releases using (release_id)
    where releases.published_on <= %(day)s and (releases.superseded_on > %(day)s or releases.superseded_on is null)
    group by releases.release_id
"""
# Releases 2 and 3 on one day in Viet Nam; release 2 a moment after midnight there.
PUBLISHED_AT = {1: "2021-01-10 03:00+00", 2: "2021-01-14 17:00+00", 3: "2021-01-15 09:00+00"}
SEEN_ON = {"2021-01-09": [], "2021-01-10": [1], "2021-01-14": [1], "2021-01-15": [3], "2021-02-01": [3]}


def read(warehouse: ModuleType, query: str, *parameters: object, **named: object) -> list[tuple]:
    """What BI gets, without asking for any release."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        return reader.execute(query.encode(), named or parameters or None).fetchall()


def test_two_releases_are_compared_in_one_query(resubmitted: Resubmitted) -> None:
    warehouse = resubmitted.warehouse
    compared = read(
        warehouse,
        """
        select year, figure, old.value, new.value
        from marts.annual_report_history as old
        inner join marts.annual_report_history as new using (year, figure)
        where old.release_id = 1 and new.release_id = 2 and old.value is distinct from new.value
        order by year, figure
        """,
    )
    changed = "select year, figure, old_value, new_value from marts.release_changes where release_id = 2 order by 1, 2"
    assert read(warehouse, changed) == compared
    (difference,) = {new - old for year, figure, old, new in compared if (year, figure) == (2020, "F01")}
    assert len(compared) < 10
    through = "select change, changed_loads, reporters, reasons from marts.release_changes where figure = 'F01'"
    assert read(warehouse, through) == [(difference, 1, "193", "thiếu một buổi")]
    ((reporter, form, period, old_load, new_load, reason),) = read(
        warehouse,
        "select reporter_code, form, period::text, old_load_id, new_load_id, reason from marts.release_change_loads",
    )
    assert (reporter, form, period, reason) == ("193", "events", "2020-07-01", "thiếu một buổi")
    assert (old_load != new_load, new_load) == (True, resubmitted.load)


def test_the_queries_of_the_documentation_answer(resubmitted: Resubmitted) -> None:
    page = (PROJECT / "docs" / "analysis.md").read_text(encoding="utf-8")
    page = page.replace("2021-01-15", f"{date.today() + timedelta(1)}").replace("57", "2").replace("41", "1")
    queries = [query for query in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) if query.startswith("select")]
    assert len(queries) == 12
    for query in queries:
        assert read(resubmitted.warehouse, query), query


def test_the_report_as_of_a_day_is_one_condition(resubmitted: Resubmitted) -> None:
    warehouse = resubmitted.warehouse
    decisions.roll_back(1, "Lan", "thử")
    with warehouse.connect() as connection:
        for release, moment in PUBLISHED_AT.items():
            connection.execute("update ops.releases set published_at = %s where release_id = %s", [moment, release])
    for day, releases in SEEN_ON.items():
        assert [release for release, _ in read(warehouse, OF_A_DAY, day=day)] == releases, day
        if releases:
            with psycopg.connect(warehouse.reader_url(), options=f"-c mangnon.as_of={day}") as reader:
                shown = reader.execute("select release_id, count(*) from marts.annual_report group by 1").fetchall()
            assert read(warehouse, OF_A_DAY, day=day) == shown
    listed = "select release_id, superseded_on::text, is_newest from marts.releases order by 1"
    assert read(warehouse, listed) == [(1, "2021-01-15", False), (2, "2021-01-15", False), (3, None, True)]
    assert read(warehouse, "select distinct published_on::text from marts.reporting_rates_history order by 1") == [
        ("2021-01-10",), ("2021-01-15",),
    ]  # fmt: skip


def test_a_rollback_has_the_rows_of_what_it_restores_and_takes_the_changes_back(resubmitted: Resubmitted) -> None:
    warehouse = resubmitted.warehouse
    with warehouse.connect() as connection:
        connection.execute("update ops.deliveries set revision_reason = 'of its time'")
    assert decisions.roll_back(1, "Lan", "thử") == 3
    for history in HISTORIES:
        rows = f"select to_jsonb({history}) - 'release_id' from marts.{history} where release_id = %s order by 1"
        assert read(warehouse, rows, 3) == read(warehouse, rows, 1) != []
    changes = "select year, figure, {}, {} from marts.release_changes where release_id = %s order by 1, 2"
    back = read(warehouse, changes.format("new_value", "old_value"), 3)
    assert back == read(warehouse, changes.format("old_value", "new_value"), 2) != []
    # The cover of the load that counts again says nothing about the rollback.
    assert read(warehouse, "select reasons from marts.release_changes where release_id = 3 group by 1") == [(None,)]
    said = "select previous_release_id, restored_release_id from marts.releases where release_id = 3"
    assert read(warehouse, said) == [(2, 1)]


@pytest.fixture
def candidate(published: ModuleType) -> int:
    """A candidate whose report is that of release 1, but for five figures."""
    with published.connect() as connection:
        ledger = Ledger(connection)
        ledger.deliver(1, "new", reporter="195")
        release = ledger.candidate()
        ledger.run(
            """
            create temporary table report as select * from core.computed_annual_report where release_id = 1;
            update report set release_id = 2;
            update report set qualifier = 'approx' where figure = 'F03' and year = 2020;
            update report set complete_reporters = complete_reporters - 1 where figure = 'F04' and year = 2020;
            update report set value = null, qualifier = null where figure = 'F06' and year = 2020;
            update report set figure = 'F99' where figure = 'F02' and year = 2020;
            insert into core.computed_annual_report select * from report;
            """
        )
        assert release == 2
        return release


def test_figures_that_appear_or_vanish_or_change_their_qualifier_or_completeness_changed(
    published: ModuleType, candidate: int
) -> None:
    with published.connect() as connection, connection.transaction():
        candidates.publish(connection, candidate)
    rows = read(
        published,
        """
        select figure, old_value is null, new_value is null, old_qualifier, new_qualifier,
            new_complete_reporters - old_complete_reporters, changed_loads, reporters
        from marts.release_changes
        order by figure
        """,
    )
    assert rows == [
        ("F02", False, True, "eq", None, None, 1, "195"),
        ("F03", False, False, "eq", "approx", 0, 1, "195"),
        ("F04", False, False, "eq", "eq", -1, 1, "195"),
        ("F06", False, True, "gte", None, 0, 0, None),
        ("F99", True, False, None, "eq", None, 0, None),
    ]
    assert read(published, "select count(*) from marts.release_changes where release_id = 1") == [(0,)]


def test_a_candidate_and_a_refused_release_never_show(published: ModuleType, candidate: int) -> None:
    def shown() -> set[int]:
        views = ("releases", "release_changes", "release_change_loads", *HISTORIES)
        return {release for view in views for (release,) in read(published, f"select release_id from marts.{view}")}

    assert shown() == {1}
    with published.connect() as connection:
        with connection.transaction():
            candidates.refuse(connection, candidate, "critical", "thử")
        assert shown() == {1}
        Ledger(connection).deliver(2, "newer", reporter="195")
        assert Ledger(connection).night() == 3
    assert shown() == {1, 3}
    assert read(published, "select previous_release_id from marts.releases where release_id = 3") == [(1,)]
