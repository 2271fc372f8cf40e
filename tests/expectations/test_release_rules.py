"""Gate 2: each rule names the loads, or the release, that break it, and says nothing of a sound release."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest
from support.ledger_by_hand import Ledger, Sent, code_list
from support.rules import AREA_RULES

from mangnon.publishing import gates, phases
from mangnon.publishing.verdicts import Judgement
from mangnon.settings import TIMEZONE
from mangnon.warehouse import dbt

RULES = [rule for rule in gates.suite("release") if rule.name not in AREA_RULES]
TODAY = datetime.now(TIMEZONE).date()
THIS_YEAR = TODAY.year
THIS_MONTH = str(TODAY.replace(day=1))
NEXT_MONTH = str(date(THIS_YEAR + TODAY.month // 12, TODAY.month % 12 + 1, 1))
MID_AUTUMN = {"occasion": "mid_autumn"}

# Release 1, which is published. One injury uses a code that the new list of release 2 lacks.
PUBLISHED = [
    Sent("child_population", [{}], "193"),
    Sent("child_population", [{"special_circumstance": "special", "children": 10, "children_supported": 10}], "195"),
    Sent("incidents", [{"incident_class": "injury", "injury_cause": "drowning", "deaths": 1}], "193"),
    Sent("incidents", [{"cases": 2, "victims": 2}], "194"),
    Sent("events", [{"attendances": 30}], "195", "2019-03-01"),
    Sent("events", [{"area": "201"}], "201", "2019-04-01"),
    Sent("events", [{"area": "201"}], "201", "2019-05-01"),
    Sent("incidents", [{"area": "202", "cases": 2}], "202", "2019-05-01"),
]
# What is new in release 2 beside the cases.
NEW = [Sent("events", [{"attendances": 90}], "195", "2020-03-01")]


@dataclass(frozen=True)
class Case:
    """What breaks a rule, and what is just inside it: loads that it must or must not name, or SQL on the release.

    A rule that compares for equality, or asks whether something is there, has no other inside than the sound release.
    """

    broken: list[Sent] = field(default_factory=list)
    fine: list[Sent] = field(default_factory=list)
    spoil: str = ""  # `%s` is the first broken load, when there is one
    inside: str = ""
    is_yes_or_no: bool = False


def figure(name: str, year: int, value: float, release: int = 2) -> str:
    return f"""
        update core.computed_annual_report set value = {value}
        where figure = '{name}' and year = {year} and release_id = {release};
    """


CASES = {
    "rows_missing_in_marts": Case(
        broken=[Sent("incidents", [{"deaths": 0}, {"incident_class": "injury"}], "196")],
        fine=[Sent("incidents", [], "198")],
        spoil="delete from core.fct_incidents where line = 2 and load_id = %s",
    ),
    "fact_without_dimension": Case(
        broken=[Sent("incidents", [{"deaths": 0}], "199")],
        fine=[Sent("incidents", [{"deaths": 0}], "200")],
        spoil="update core.fct_incidents set area_version = 1 where load_id = %s",
    ),
    "dimension_member_lost": Case(
        broken=[code_list("codes", without="drowning", revision=2)],
        fine=[code_list("reporters", revision=2)],
    ),
    "period_in_future": Case(
        broken=[Sent("events", [{}], "196", NEXT_MONTH)],
        fine=[Sent("events", [{}], "196", THIS_MONTH)],
    ),
    "synthetic_among_real": Case(
        broken=[Sent("events", [{}], "198")],
        fine=[Sent("events", [{}], "199")],
        spoil="""
            update ops.deliveries set is_synthetic = true
            where delivery_id = (select delivery_id from ops.loads where load_id = %s)
        """,
    ),
    "release_not_described": Case(
        spoil="delete from core.computed_about_release where release_id = 2", is_yes_or_no=True
    ),
    "submission_no_longer_counts": Case(
        spoil="""
            update ops.published_loads set releases = '[1,2)'
            where reporter_code = '195' and form = 'events' and period = '2019-03-01'
        """,
        is_yes_or_no=True,
    ),
    "declared_totals_differ_in_marts": Case(
        broken=[Sent("events", [{"attendances": 60}] * 2, "201", declared_totals={"attendances": 120})],
        fine=[Sent("events", [{"attendances": 60}] * 2, "202", declared_totals={"attendances": 120})],
        spoil="update core.fct_events set attendances = 59 where line = 2 and load_id = %s",
    ),
    "closed_year_incomplete": Case(
        spoil="""
            update core.computed_reporting_rates set is_counted = false
            where release_id = 2 and reporter_code = '193' and form = 'events' and period = '2019-01-01'
        """,
        is_yes_or_no=True,
    ),
    "attendances_above_children": Case(
        broken=[Sent("beneficiaries", [MID_AUTUMN | {"attendances": 101}], "193", "2020-10-01")],
        fine=[Sent("beneficiaries", [MID_AUTUMN | {"attendances": 100}], "193", "2020-09-01")],
    ),
    # The load of synthetic_among_real is one.
    "release_holds_synthetic": Case(spoil="select 1", is_yes_or_no=True),
    "large_restatement": Case(
        broken=[
            Sent("events", [{"area": "201", "attendances": 111}], "201", "2019-04-01", revision=2),
            Sent("incidents", [{"area": "202", "cases": 2, "victims": 2}], "202", "2019-05-01", revision=2),
        ],
        fine=[Sent("events", [{"area": "201", "attendances": 110}], "201", "2019-05-01", revision=2)],
    ),
    "incident_below_district": Case(
        broken=[Sent("incidents", [{"area": "203"}], "203")],
        fine=[Sent("incidents", [{"area": "205"}], "205")],
        spoil="""
            update core.fct_incidents
            set area_version = (select area_version from core.dim_areas where parent_code = '193' limit 1)
            where load_id = %s
        """,
    ),
    "report_incomplete": Case(
        spoil="delete from core.computed_annual_report where release_id = 2 and figure = 'F05' and year = 2020",
        is_yes_or_no=True,
    ),
    "report_differs_from_facts": Case(spoil=figure("F29", 2020, 2), is_yes_or_no=True),
    "percent_differs_from_facts": Case(spoil=figure("F28", 2020, 99.99), is_yes_or_no=True),  # 10 of 10 children
    "months_differ_from_year": Case(
        spoil="""
            update core.computed_periodic_figures set value = value + 1
            where release_id = 2 and figure = 'F02' and year = 2020 and cut = 'month' and cut_number = 3
        """,
        is_yes_or_no=True,
    ),
    "figure_negative": Case(
        inside=figure("F25", 2019, 0) + figure("F30", 2019, -1),  # a change may be negative
        spoil=figure("F25", 2019, -1) + figure("F30", 2019, -1) + figure("F22", 2019, 0),
    ),
    "percent_out_of_bounds": Case(inside=figure("F28", 2019, 100), spoil=figure("F28", 2019, 100.01)),
    "subset_figure_above_whole": Case(
        inside=figure("F08", 2019, 10) + figure("F09", 2019, 10) + """
            update core.computed_annual_report set qualifier = 'eq' where figure = 'F08' and release_id = 2;
        """,
        spoil=figure("F08", 2019, 10) + figure("F09", 2019, 11) + figure("F09", 2020, 201) + """
            update core.computed_annual_report set qualifier = 'eq' where figure = 'F08' and release_id = 2;
        """
    ),
    "districts_above_map": Case(
        # Hoành Bồ joined Hạ Long in 2020.
        inside=figure("F23", 2019, 14) + figure("F26", 2020, 13),
        spoil=figure("F23", 2019, 14) + figure("F26", 2020, 14) + figure("F27", 2020, 13)
    ),
    "figure_thousandfold": Case(
        broken=[Sent("events", [{"event_type": "training", "attendances": 50_001}], "200", THIS_MONTH)],
        fine=[
            Sent(
                "events",
                [{"programme": "provincial_forum", "event_type": "forum", "child_attendances": 50_001}],
                "SLDTBXH", THIS_MONTH, revision_reason="Sửa số liệu",
            )
        ],
        inside=figure("F04", THIS_YEAR, 101, release=1),
        spoil=figure("F04", THIS_YEAR, 100, release=1) + figure("F16", THIS_YEAR, 100, release=1),
    ),
    "victims_figure_below_cases": Case(
        inside=figure("F31", 2020, 2) + figure("F32", 2020, 2), spoil=figure("F31", 2020, 2) + figure("F32", 2020, 1)
    ),
    "figure_unlike_year_before": Case(
        inside="""
            update core.computed_annual_report
            set value = previous_value * 3, complete_reporters = expected_reporters
            where figure = 'F02' and year = 2020 and release_id = 2
        """,
        spoil="""
            update core.computed_annual_report
            set value = previous_value * 3 + 1, complete_reporters = expected_reporters
            where figure = 'F02' and year = 2020 and release_id = 2
        """,
    ),
    "closed_year_restated": Case(spoil=figure("F31", 2020, 7, release=1), is_yes_or_no=True),
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    broken: dict[str, list[int]]
    fine: dict[str, list[int]]
    sound: dict[str, dict[int | None, str]]  # what failed before the release was spoilt: by rule and load, the detail
    inside: dict[str, dict[int | None, str]]
    spoilt: dict[str, dict[int | None, str]]
    judgement: Judgement
    refused: list[int]


def failures(ledger: Ledger) -> dict[str, dict[int | None, str]]:
    found: dict[str, dict[int | None, str]] = defaultdict(dict)
    for name, load_id, message in ledger.rows(
        "select expectation, load_id, message from ops.verdicts where not is_met"
    ):
        found[name][load_id] = message
    return found


@pytest.fixture(scope="module")
def judged(ledger: Ledger) -> Judged:
    old, new = ledger.batch(), ledger.batch()
    code_lists = ledger.reference(old)
    published = code_lists + [ledger.receive(old, sent) for sent in PUBLISHED]
    candidates = [ledger.receive(new, sent) for sent in NEW]
    broken = {name: [ledger.receive(new, sent) for sent in case.broken] for name, case in CASES.items()}
    fine = {name: [ledger.receive(new, sent) for sent in case.fine] for name, case in CASES.items()}
    candidates += [load for loads in [*broken.values(), *fine.values()] for load in loads]
    ledger.model([old, new], code_lists)
    ledger.run("update ops.loads set state = 'accepted' where batch_id = %s", old)
    ledger.releases(published, candidates)
    ledger.run("insert into ops.release_batches (release_id, batch_id) values (2, %s)", new)
    dbt.build_release_tables(2)
    ledger.run(
        """
        -- Release 1 is as release 2, but for what a case spoils.
        insert into core.computed_annual_report
        select (jsonb_populate_record(report, '{"release_id": 1}')).*
        from core.computed_annual_report as report;
        update core.computed_reporting_rates set is_counted = true
        """
    )
    phases.judge_candidate(2)
    sound = failures(ledger)
    for case in CASES.values():
        if case.inside:
            ledger.run(case.inside)
    phases.judge_candidate(2)
    inside = failures(ledger)
    for name, case in CASES.items():
        if case.spoil:
            ledger.run(case.spoil, *(broken[name] if "%s" in case.spoil else []))
    judgement, refused = phases.judge_candidate(2)
    return Judged(broken, fine, sound, inside, failures(ledger), judgement, refused)


def test_every_rule_has_data_that_breaks_it_and_data_just_inside() -> None:
    # Those that hold a release have cases of their own in test_holding_rules.py.
    rules = {rule.name for rule in gates.suite("release") if not rule.holds_release or rule.name in CASES}
    assert CASES.keys() | set(AREA_RULES) == rules
    assert [name for name, case in CASES.items() if not case.broken and not case.spoil] == []
    assert [name for name, case in CASES.items() if not (case.fine or case.inside or case.is_yes_or_no)] == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name in CASES], ids=lambda rule: rule.name)
def test_rule_names_what_breaks_it(judged: Judged, rule: Any) -> None:
    expected = judged.broken[rule.name] or [None]
    assert judged.spoilt[rule.name].keys() >= set(expected)
    assert not judged.spoilt[rule.name].keys() & set(judged.fine[rule.name])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.inside])
def test_a_release_just_inside_meets_the_rule(judged: Judged, name: str) -> None:
    assert judged.inside[name] == {}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.spoil])
def test_a_sound_release_meets_the_rule(judged: Judged, name: str) -> None:
    assert judged.sound[name] == {}


@pytest.mark.parametrize(
    ("name", "only"),
    {
        "report_incomplete": "F05 năm 2020",
        "figure_negative": "F25 (Thành viên Hội đồng trẻ em cấp tỉnh), 2019: -1",
        "subset_figure_above_whole": "F09 > F08 năm 2019: 11 > 10",
        "districts_above_map": "14 > 13",
    }.items(),
)
def test_a_figure_just_inside_is_not_named(judged: Judged, name: str, only: str) -> None:
    message = judged.spoilt[name][None]
    assert only in message
    assert ";" not in message


def test_named_loads_are_refused_and_the_release_says_why(judged: Judged, ledger: Ledger) -> None:
    critical = {rule.name for rule in RULES if rule.severity == "critical"}
    named = {load for name in critical for load in judged.spoilt[name] if load is not None}
    assert set(judged.refused) == named
    assert judged.judgement.worst == "critical"
    assert any("bị đánh dấu" in reason or "dữ liệu mẫu" in reason for reason in judged.judgement.reasons)
    states = ledger.rows("select distinct state from ops.loads where load_id = any(%s)", sorted(named))
    assert states == [("refused",)]
