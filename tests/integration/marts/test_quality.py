"""The marts of quality through real nights: who was on time, which rules were broken, who is silent."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from support.lists import changed, deliver
from support.workbooks import event, send

from mangnon.publishing import decisions
from mangnon.settings import TIMEZONE

# What the marts of quality say, without the number of the release.
# The nights of a test may fall into two months.
RULES = """
    select gate, rule, form, sum(judged), sum(failed), max(failed_reporters)
    from marts.quality_by_rule
    where gate <> 'release'
    group by gate, rule, form
"""
JULY = """
    select
        is_counted, times_submitted, times_accepted, times_refused, times_held, resubmissions,
        counted_lines, broken_rules
    from marts.reporting_rates
    where reporter_code = %s and form = 'events' and period = '2020-07-01'
"""


def seen(warehouse: ModuleType, query: str, *values: object, release: int | None = None) -> list[tuple[Any, ...]]:
    """What BI sees, in a release (the visible one by default)."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        if release:
            reader.execute(f"set mangnon.release = '{release}'")
        return reader.execute(query.encode(), values).fetchall()


def rules(warehouse: ModuleType, release: int | None = None) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    """Judged, failed and failed reporters of each rule and form."""
    rows = seen(warehouse, RULES, release=release)
    return {(gate, rule, form): numbers for gate, rule, form, *numbers in rows}  # type: ignore[misc]


def wrong_event(area: str) -> dict[str, object]:
    """A line that gate 1 refuses: more children than people."""
    return event(area, 1, child_attendances=400)


def test_what_came_of_each_submission(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    inbox = tmp_path / "inbox"
    once = (True, 1, 1, 0, 0, 0)
    assert all(seen(published, JULY, reporter)[0][:6] == once for reporter in ("193", "194", "195", "196"))
    first = rules(published)
    assert first.keys() == {("loads", "cases_or_victims_missing", "incidents")}, "2019 lacks some victims"

    send(inbox, "193", {"events": [event("193", 5)]}, 2)
    send(inbox, "194", {"events": [wrong_event("194")]}, 2)
    send(inbox, "195", {"events": [event("195", 5)]}, 2)
    send(inbox, "195", {"events": [event("195", 6)]}, 2)
    send(inbox, "196", {"events": []}, 2)
    (inbox / "_office").mkdir()
    (inbox / "_office" / "rác.xlsx").write_bytes(b"no workbook")
    assert run_night() == 2

    assert seen(published, JULY, "193") == [(True, 2, 2, 0, 0, 1, 1, None)]
    (refused,) = seen(published, JULY, "194")
    assert refused[:6] == (True, 2, 1, 1, 0, 1)
    assert "attendances_below_parts" in refused[7]
    assert seen(published, JULY, "195")[0][:6] == (True, 3, 1, 0, 2, 2)
    assert seen(published, JULY, "196") == [(True, 2, 2, 0, 0, 1, 0, None)], "sent with no rows is reported"
    second = rules(published)
    judged, failed, reporters = second["loads", "attendances_below_parts", "events"]
    assert (failed, reporters) == (1, 1)
    assert judged >= 5, "with those of the first night, if it was in the same month"
    assert second["reading", "not_a_workbook", "unknown"] == [1, 1, 0]
    assert seen(published, JULY, "193", release=1)[0][:6] == once, "what release 1 said stays"
    assert rules(published, 1) == first

    # A night that changes nothing makes no release; the next release knows what was refused in it.
    send(inbox, "194", {"events": [wrong_event("194")]}, 3)
    assert run_night() is None
    assert rules(published) == second
    send(inbox, "194", {"events": [event("194", 4)]}, 4)
    assert run_night() == 3
    assert seen(published, JULY, "194")[0][:6] == (True, 4, 2, 2, 0, 3)
    assert rules(published)["loads", "attendances_below_parts", "events"][1:] == [2, 1]

    # A rollback shows what release 2 said; what comes after it counts nothing twice.
    assert decisions.roll_back(2, "Lan", "thử") == 4
    assert rules(published) == second
    assert seen(published, JULY, "194") == [refused]
    send(inbox, "193", {"events": [event("193", 7)]}, 3)
    assert run_night() == 5
    assert rules(published)["loads", "attendances_below_parts", "events"][1:] == [2, 1]
    assert rules(published, 2) == second


def test_a_rule_has_a_label_and_its_name_if_no_deployment_knew_it(published: ModuleType) -> None:
    labels = "select distinct rule_label from marts.quality_by_rule"
    assert seen(published, labels) == [("Vụ xâm hại chỉ ghi số vụ hoặc chỉ ghi số trẻ",)]
    with published.connect() as connection:
        connection.execute("delete from ops.rules where rule = 'cases_or_victims_missing'")
    assert seen(published, labels) == [("cases_or_victims_missing",)]


def test_timeliness_against_a_due_day(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    """The packaged list knows no due day, so nothing is said; with one, the arrival of the files is measured."""
    timely = "select count(*), count(due_on), count(is_on_time), count(days_late) from marts.reporting_rates"
    assert seen(published, timely)[0][1:] == (0, 0, 0)
    text = changed("reporters", "child_population,,", "child_population,5,")
    assert deliver(tmp_path, "reporters", text).is_accepted
    with published.connect() as connection:
        connection.execute("update ops.deliveries set received_at = '2020-04-05 16:59+00' where period = '2020-03-01'")
        connection.execute("update ops.deliveries set received_at = '2020-05-05 17:00+00' where period = '2020-04-01'")
    assert run_night() == 2

    of_193 = """
        select due_on, first_received_on, days_late, is_on_time from marts.reporting_rates
        where reporter_code = '193' and form = 'events' and period = %s
    """
    assert seen(published, of_193, "2020-03-01") == [(date(2020, 4, 5), date(2020, 4, 5), 0, True)]
    assert seen(published, of_193, "2020-04-01") == [(date(2020, 5, 5), date(2020, 5, 6), 1, False)]
    today = datetime.now(UTC).astimezone(TIMEZONE).date()
    ((due_on, received_on, days_late, is_on_time),) = seen(published, of_193, "2020-05-01")
    assert (due_on, is_on_time) == (date(2020, 6, 5), False)
    assert timedelta(0) <= today - received_on <= timedelta(days=1)
    assert days_late == (received_on - due_on).days
    # 2019 was sent with its incidents only: what never came is not on time.
    assert seen(published, of_193, "2019-03-01") == [(date(2019, 4, 5), None, None, False)]
    of_the_union = "select distinct due_on, is_on_time from marts.reporting_rates where reporter_code = 'HLHPN'"
    assert seen(published, of_the_union) == [(None, None)], "a provincial body without a rule"


def test_silence_of_a_year(published: ModuleType) -> None:
    rows = seen(published, "select reporter_code, incident_class, status, counted_months from marts.incident_silence")
    assert len(rows) == 26, "thirteen districts, abuse and injury; no provincial body, and Hoành Bồ is no more"
    incidents = """
        select distinct dim_reporters.reporter_code, incident_class
        from marts.fct_incidents
        inner join marts.dim_reporters using (reporter_code)
        where period >= '2020-01-01' and greatest(cases, victims, deaths) > 0
    """
    with_incidents = set(seen(published, incidents))
    assert {row[3] for row in rows} == {12}
    for reporter, incident_class, status, _ in rows:
        assert status == ("reported" if (reporter, incident_class) in with_incidents else "silent"), reporter


@pytest.mark.parametrize(("year", "complete"), [(2020, (13, 13)), (2019, (14, 14))])
def test_each_figure_carries_its_districts(published: ModuleType, year: int, complete: tuple[int, int]) -> None:
    incidents = """
        select distinct complete_districts, expected_districts from marts.annual_report
        where year = %s and figure in ('F29', 'F31', 'F32')
    """
    assert seen(published, incidents, year) == [complete]
