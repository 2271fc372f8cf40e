"""Gate 1: each rule names the loads that break it, and no load that is just inside.

A check that has never failed is not a check.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from submissions_by_hand import Desk, Sent, code_list

from mangnon import gate

MID_AUTUMN = {"occasion": "mid_autumn"}
PART = {"is_subset": True}
RESOLUTION = {"support_type": "schooling", "funding_instrument": "222/2015/NQ-HĐND", "support_turns": 1}
INJURY = {"incident_class": "injury"}
# The months that 194's later months are compared with.
USUAL_MONTHS = [
    Sent("events", [{"area": "194", "attendances": 1_000}], "194", f"2019-0{month}-01", revision=1 + (month == 5))
    for month in range(1, 7)
]


def events(*lines: dict) -> Sent:
    return Sent("events", list(lines))


def beneficiaries(*lines: dict) -> Sent:
    return Sent("beneficiaries", list(lines))


def incidents(*lines: dict) -> Sent:
    return Sent("incidents", list(lines))


def child_population(*lines: dict) -> Sent:
    return Sent("child_population", list(lines))


def paid(turns: int, amount_vnd: int, support_type: str | None = None) -> Sent:
    return beneficiaries({"support_type": support_type, "support_turns": turns, "amount_vnd": amount_vnd})


RULES = gate.suite("loads")


@dataclass(frozen=True)
class Case:
    broken: list[Sent]
    fine: list[Sent]


CASES = {
    "rows_refused": Case(
        broken=[Sent("events", [{}], rows_refused=1)],
        fine=[events({})],
    ),
    "declared_totals_differ": Case(
        broken=[
            Sent("events", [{}], declared_totals={"event_count": 1, "attendances": 101}),
            Sent("incidents", [{"cases": 1}], declared_totals={"deaths": 1}),
        ],
        fine=[
            Sent("events", [{}], declared_totals={"event_count": 1, "attendances": 100}),
            Sent("incidents", [{"cases": 1}], declared_totals={"deaths": 0}),
            Sent(
                "beneficiaries",
                [MID_AUTUMN | {"attendances": 60}, MID_AUTUMN | PART | {"attendances": 40}],
                declared_totals={"attendances": 60},
            ),
        ],
    ),
    "lines_repeated": Case(
        broken=[
            beneficiaries(MID_AUTUMN | {"attendances": 1}, MID_AUTUMN | {"attendances": 2}),
            incidents({"cases": 1}, {"cases": 2}),
            Sent("programme_sites", [{}, {}]),
            child_population({}, {}),
        ],
        fine=[
            beneficiaries(MID_AUTUMN, MID_AUTUMN | {"support_date": "2020-03-02"}),
            incidents({"cases": 1}, INJURY),
            Sent("programme_sites", [{}, {"programme": "participation_club"}]),
            child_population({}, {"special_circumstance": "special"}),
        ],
    ),
    "total_thousandfold": Case(
        broken=[Sent("events", [{"area": "194", "event_count": 300, "attendances": 500_001}], "194", "2019-08-01")],
        fine=[Sent("events", [{"area": "194", "event_count": 300, "attendances": 500_000}], "194", "2019-09-01")],
    ),
    "total_thousandth": Case(
        broken=[Sent("events", [{"area": "194", "attendances": 1}], "194", "2019-10-01")],
        fine=[Sent("events", [{"area": "194", "attendances": 2}], "194", "2019-11-01")],
    ),
    "reason_missing": Case(
        broken=[
            Sent("events", [{"area": "194", "attendances": 1_001}], "194", "2019-01-01"),
            Sent("events", [{"area": "194", "attendances": 1_001}], "194", "2019-02-01", revision=2),
            Sent("events", [{}], revision=2),
        ],
        fine=[
            Sent("events", [{"area": "194", "attendances": 1_001}], "194", "2019-03-01", revision_reason="sửa số lượt"),
            Sent("events", [{"area": "194", "attendances": 1_000}], "194", "2019-04-01", revision=2),
            Sent("events", [{"area": "194", "attendances": 1_001}], "194", "2019-05-01", revision=1),
            code_list("codes", revision=20991231),
        ],
    ),
    "adolescents_among_children": Case(
        broken=[
            beneficiaries({"age_band": "16-17"}),
            incidents({"cases": 1}, PART | {"age_band": "16-17", "cases": 1}),
            child_population({"age_band": "16-17"}),
        ],
        fine=[beneficiaries({"age_band": "11-15"}), child_population({"age_band": "11-15"})],
    ),
    "attendances_below_parts": Case(
        broken=[events({"child_attendances": 60, "caregiver_attendances": 41})],
        fine=[
            events({"child_attendances": 60, "official_attendances": 30, "collaborator_attendances": 10}),
            events({"child_attendances": 101, "qualifier": "gte"}),
        ],
    ),
    "event_without_attendances": Case(
        broken=[events({"attendances": 0}), events({"event_count": 0})],
        fine=[events({"event_count": 0, "attendances": 0})],
    ),
    "attendances_per_event_unusual": Case(
        broken=[
            events({"event_count": 2, "attendances": 9}),
            events({"attendances": 2_001}),
            events({"event_type": "training", "attendances": 9}),
            events({"event_type": "training", "attendances": 201}),
        ],
        fine=[
            events({"event_count": 2, "attendances": 10}, {"attendances": 2_000}),
            events({"event_type": "training", "attendances": 10}, {"event_type": "training", "attendances": 200}),
        ],
    ),
    "attendances_per_event_impossible": Case(
        broken=[events({"attendances": 50_001})],
        fine=[events({"attendances": 50_000})],
    ),
    "events_repeated": Case(
        broken=[events({}, {})],
        fine=[events({}, {"attendances": 101})],
    ),
    "beneficiaries_subset_above_whole": Case(
        broken=[
            beneficiaries(MID_AUTUMN | {"attendances": 100}, MID_AUTUMN | PART | {"support_turns": 101}),
            beneficiaries(
                MID_AUTUMN | {"attendances": 100},
                MID_AUTUMN | PART | {"attendances": 60, "sex": "female"},
                MID_AUTUMN | PART | {"attendances": 41, "sex": "male"},
            ),
            beneficiaries(MID_AUTUMN | {"attendances": 100}, PART | {"support_turns": 1}),
            beneficiaries(MID_AUTUMN | {"amount_vnd": 100_000}, MID_AUTUMN | PART | {"children": 1}),
        ],
        fine=[
            beneficiaries(MID_AUTUMN | {"attendances": 100}, MID_AUTUMN | PART | {"support_turns": 100}),
            beneficiaries(
                MID_AUTUMN | {"attendances": 100},
                MID_AUTUMN | PART | {"attendances": 60, "sex": "female"},
                MID_AUTUMN | PART | {"attendances": 40, "sex": "male"},
                MID_AUTUMN | PART | {"attendances": 100, "age_band": "00-05"},
            ),
            beneficiaries(
                MID_AUTUMN | {"attendances": 100, "qualifier": "gte"}, MID_AUTUMN | PART | {"attendances": 101}
            ),
        ],
    ),
    "amount_without_children": Case(
        broken=[beneficiaries({"amount_vnd": 1_000_000, "support_turns": 0})],
        fine=[beneficiaries({"amount_vnd": 1_000_000, "children": 10}), beneficiaries({"amount_vnd": 0})],
    ),
    "vnd_per_turn_unusual": Case(
        broken=[
            paid(10, 99_990),
            paid(10, 20_000_010, "gift"),
            paid(10, 499_990, "schooling"),
            paid(1, 20_000_001, "monthly"),
            paid(1, 200_000_001, "health_care"),
        ],
        fine=[
            paid(10, 100_000),
            paid(10, 20_000_000, "gift"),
            paid(10, 500_000, "schooling"),
            paid(1, 20_000_000, "monthly"),
            paid(1, 200_000_000, "health_care"),
        ],
    ),
    "vnd_per_turn_impossible": Case(
        broken=[paid(10, 19_990), paid(1, 20_000_001), paid(10, 19_990, "monthly"), paid(1, 1_000_000_001, "monthly")],
        fine=[paid(10, 20_000), paid(1, 20_000_000), paid(10, 20_000, "monthly"), paid(1, 1_000_000_000, "monthly")],
    ),
    "funding_instrument_not_valid": Case(
        broken=[
            Sent("beneficiaries", [RESOLUTION], period="2021-01-01"),
            Sent("beneficiaries", [RESOLUTION], period="2015-12-01"),
        ],
        fine=[
            Sent("beneficiaries", [RESOLUTION], period="2020-12-01"),
            Sent("beneficiaries", [RESOLUTION | {"funding_instrument": "91/2017/NQ-HĐND"}], period="2021-01-01"),
        ],
    ),
    "victims_below_cases": Case(
        broken=[incidents({"cases": 2, "victims": 1}), incidents({"cases": 0, "victims": 1})],
        fine=[incidents({"cases": 2, "victims": 2}, INJURY | {"cases": 2})],
    ),
    "deaths_above_victims": Case(
        broken=[incidents(INJURY | {"victims": 1, "deaths": 2})],
        fine=[incidents(INJURY | {"victims": 2, "deaths": 2}, {"deaths": 1})],
    ),
    "incidents_subset_above_whole": Case(
        broken=[
            incidents({"cases": 1, "victims": 2}, PART | {"victims": 3, "abuse_type": "violence"}),
            incidents({"cases": 1, "victims": 2}, PART | INJURY | {"victims": 1}),
        ],
        fine=[
            incidents(
                {"cases": 1, "victims": 2},
                PART | {"cases": 1, "victims": 1, "sex": "female"},
                PART | {"cases": 1, "victims": 1, "sex": "male"},
                PART | {"victims": 2, "abuse_type": "violence"},
                PART | {"victims": 2, "abuse_type": "neglect"},
            )
        ],
    ),
    "kind_of_other_class": Case(
        broken=[
            incidents(INJURY | {"abuse_type": "violence", "cases": 1}),
            incidents({"injury_cause": "drowning", "cases": 1}),
        ],
        fine=[incidents(INJURY | {"injury_cause": "drowning"}, {"abuse_type": "violence"})],
    ),
    "handled_above_cases": Case(
        broken=[incidents({"cases": 1, "handled_cases": 2})],
        fine=[incidents({"cases": 2, "handled_cases": 2})],
    ),
    "supported_above_children": Case(
        broken=[child_population({"children": 10, "children_supported": 11})],
        fine=[child_population({"children": 10, "children_supported": 10})],
    ),
    "group_above_all_children": Case(
        broken=[child_population({}, {"special_circumstance": "at_risk", "children": 101})],
        fine=[child_population({}, {"special_circumstance": "at_risk"})],
    ),
    "child_population_subset_above_whole": Case(
        broken=[
            child_population(
                {}, PART | {"sex": "female", "children": 60}, PART | {"sex": "male", "children": 41}
            ),
            child_population({}, PART | {"special_circumstance": "d", "children": 1}),
        ],
        fine=[
            child_population(
                {}, PART | {"sex": "female", "children": 60}, PART | {"sex": "male", "children": 40}
            )
        ],
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    batch: int
    broken: dict[str, list[int]]
    fine: dict[str, list[int]]
    failed: dict[str, set[int]]  # what the gate's verdicts name
    refused: list[int]


@pytest.fixture(scope="module")
def judged(desk: Desk) -> Judged:
    reference, earlier, batch = desk.batch(), desk.batch(), desk.batch()
    code_lists = desk.reference(reference)
    counting = [desk.receive(earlier, sent) for sent in USUAL_MONTHS]
    broken = {name: [desk.receive(batch, sent) for sent in case.broken] for name, case in CASES.items()}
    fine = {name: [desk.receive(batch, sent) for sent in case.fine] for name, case in CASES.items()}
    desk.model([reference, earlier, batch], code_lists)
    desk.run("update ops.loads set state = 'accepted' where batch_id <> %s", batch)
    desk.releases(counting, [])

    refused = gate.judge_loads([batch])

    failed: dict[str, set[int]] = {name: set() for name in CASES}
    for name, load_id in desk.rows("select expectation, load_id from ops.verdicts where not is_met"):
        failed[name].add(load_id)
    return Judged(batch, broken, fine, failed, refused)


def test_every_rule_has_a_case() -> None:
    assert list(CASES) == [rule.name for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_names_the_loads_that_break_it(judged: Judged, rule: Any) -> None:
    assert judged.failed[rule.name] >= set(judged.broken[rule.name])
    assert not judged.failed[rule.name] & set(judged.fine[rule.name])
    refused = set(judged.broken[rule.name]) & set(judged.refused)
    if rule.severity == "critical":
        assert refused == set(judged.broken[rule.name])


def test_a_refused_load_says_why_in_vietnamese(judged: Judged, desk: Desk) -> None:
    (load_id,) = judged.broken["attendances_below_parts"]
    assert desk.rows(f"select state, state_reason from ops.loads where load_id = {load_id}") == [
        ("refused", "Tổng lượt người tham dự nhỏ hơn tổng các thành phần: dòng 1 (100 < 101).")
    ]


def test_warnings_refuse_nothing(judged: Judged) -> None:
    assert not set(judged.broken["events_repeated"]) & set(judged.refused)


def test_judging_again_says_the_same(judged: Judged, desk: Desk) -> None:
    query = """
        select load_id, expectation, severity, is_met, observed, message, state, state_reason
        from ops.verdicts
        left join ops.loads using (load_id)
        order by expectation, load_id
    """
    before = desk.rows(query)
    assert gate.judge_loads([judged.batch]) == judged.refused
    assert desk.rows(query) == before
