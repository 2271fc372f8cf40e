"""Gate 2: areas against their own past and against the province, in the same borders.

On 1 January 2020 Hoành Bồ (204) joined Hạ Long (193).
"""

from dataclasses import dataclass
from math import comb
from typing import Any

import pytest
from support.ledger_by_hand import Ledger, Sent
from support.rules import AREA_RULES

from mangnon.publishing import phases
from mangnon.warehouse import dbt


def monthly(form: str, reporter: str, year: int, months: int, line: dict[str, Any]) -> list[Sent]:
    return [
        Sent(form, [line | {"area": reporter}], reporter, f"{year}-{month:02}-01") for month in range(1, months + 1)
    ]


def sessions(reporter: str, year: int, attendances: int, months: int = 6) -> list[Sent]:
    return monthly("events", reporter, year, months, {"attendances": attendances})


def supported(reporter: str, year: int, turns: int) -> list[Sent]:
    return monthly("beneficiaries", reporter, year, 6, {"support_turns": turns})


def at_risk(reporter: str, year: int, children: int) -> list[Sent]:
    line = {"special_circumstance": "at_risk", "children": children}
    return [Sent("child_population", [line | {"area": reporter}], reporter, f"{year}-06-01")]


def cases_of_2020(reporter: str, *cases: int) -> list[Sent]:
    return [
        Sent("incidents", [{"area": reporter, "cases": count}], reporter, f"2020-{month:02}-01")
        for month, count in enumerate(cases, start=1)
    ]


def december(year: int, reporter: str, children: int, cases: int) -> list[Sent]:
    return [
        Sent("child_population", [{"area": reporter, "children": children}], reporter, f"{year}-12-01"),
        Sent("incidents", [{"area": reporter, "cases": cases}], reporter, f"{year}-12-01"),
    ]


def at_least(count: int, of: int, share: float) -> float:
    """How probable so many are: the binomial tail, added up exactly."""
    return sum(comb(of, number) * share**number * (1 - share) ** (of - number) for number in range(count, of + 1))


# A district with a twelfth of the children, beside 110 cases of the others: the least that is rarer than one in 1,000.
TOO_MANY = next(count for count in range(200) if at_least(count, 110 + count, 1 / 12) < 0.001)

PUBLISHED = [
    *sessions("193", 2019, 100), *sessions("204", 2019, 200), *sessions("194", 2019, 100),
    *sessions("195", 2019, 100), *sessions("196", 2019, 301), *sessions("198", 2019, 100),
    *supported("193", 2019, 10), *supported("204", 2019, 10),
    *at_risk("199", 2019, 100), *at_risk("200", 2019, 100),
    *cases_of_2020("202", *[0] * 12), *cases_of_2020("203", *[0] * 12), *cases_of_2020("201", *[0] * 12)[7:],
    *cases_of_2020("205", *[7] * 11, 10), *cases_of_2020("206", *[7] * 11, 9),
    *cases_of_2020("207", *[8] * 11),
]  # fmt: skip
JANUARY = "2021-01-01"


@dataclass(frozen=True)
class Case:
    """What is new in the release: of each the last load is the one that the rule must, or must not, name."""

    rule: str
    sent: list[Sent]
    detail: str = ""


BROKEN = {
    "trebled": Case(AREA_RULES[0], sessions("195", 2020, 301), "người tham dự 600 thành 1.806, 6 tháng"),
    "a third": Case(AREA_RULES[0], sessions("196", 2020, 100), "người tham dự 1.806 thành 600, 6 tháng"),
    "trebled in the borders of 2020": Case(AREA_RULES[0], supported("193", 2020, 61), "Thành phố Hạ Long"),
    "snapshot": Case(
        AREA_RULES[0], at_risk("199", 2020, 33), "(Trẻ em có nguy cơ rơi vào hoàn cảnh đặc biệt) 100 thành 33"
    ),
    "three after none": Case(
        AREA_RULES[1], [Sent("incidents", [{"area": "202", "cases": 3}], "202", JANUARY)],
        "3 vụ xâm hại tháng 01/2021, 12 tháng trước có 0",
    ),
    "none after 87": Case(AREA_RULES[1], [Sent("incidents", [{"area": "205", "cases": 0}], "205", JANUARY)], "có 87"),
    "too many for its children": Case(
        AREA_RULES[2], december(2018, "195", 10_000, TOO_MANY), f"{TOO_MANY} vụ xâm hại trong 12 tháng đến 12/2018"
    ),
}  # fmt: skip
FINE = {
    # Nine times Hạ Long's sessions, three times those of Hạ Long and Hoành Bồ together.
    "merged": Case(AREA_RULES[0], sessions("193", 2020, 900)),
    "just three times": Case(AREA_RULES[0], sessions("194", 2020, 300)),
    "too few months": Case(AREA_RULES[0], sessions("198", 2020, 3_000, months=5)),
    "snapshot": Case(AREA_RULES[0], at_risk("200", 2020, 34)),
    "two after none": Case(AREA_RULES[1], [Sent("incidents", [{"area": "203", "cases": 2}], "203", JANUARY)]),
    "none after 86": Case(AREA_RULES[1], [Sent("incidents", [{"area": "206", "cases": 0}], "206", JANUARY)]),
    "too short a past": Case(AREA_RULES[1], [Sent("incidents", [{"area": "201", "cases": 9}], "201", JANUARY)]),
    "not reported yet": Case(AREA_RULES[1], cases_of_2020("207", *[8] * 12)[11:]),
    "just not too many": Case(AREA_RULES[2], december(2017, "195", 10_000, TOO_MANY - 1)),
}
OTHERS = [
    sent for year in (2017, 2018) for sent in [*december(year, "194", 100_000, 100), *december(year, "196", 10_000, 10)]
]


@dataclass(frozen=True)
class Judged:
    broken: dict[str, int]
    fine: dict[str, int]
    named: dict[str, dict[int, str]]  # by rule and load, the detail


@pytest.fixture(scope="module")
def judged(ledger: Ledger) -> Judged:
    old, new = ledger.batch(), ledger.batch()
    code_lists = ledger.reference(old)
    published = code_lists + [ledger.receive(old, sent) for sent in PUBLISHED]
    broken, fine = (
        {name: [ledger.receive(new, sent) for sent in case.sent] for name, case in cases.items()}
        for cases in (BROKEN, FINE)
    )
    others = [ledger.receive(new, sent) for sent in OTHERS]
    ledger.model([old, new], code_lists)
    ledger.run("update ops.loads set state = 'accepted' where batch_id = %s", old)
    ledger.releases(published, others + [load for loads in [*broken.values(), *fine.values()] for load in loads])
    ledger.run("insert into ops.release_batches (release_id, batch_id) values (2, %s)", new)
    dbt.build_release_tables(2)

    phases.judge_candidate(2)

    named: dict[str, dict[int, str]] = {rule: {} for rule in AREA_RULES}
    for rule, load_id, message in ledger.rows(
        "select expectation, load_id, message from ops.verdicts where not is_met and expectation = any(%s)",
        list(AREA_RULES),
    ):
        named[rule][load_id] = message
    return Judged(
        {name: loads[-1] for name, loads in broken.items()}, {name: loads[-1] for name, loads in fine.items()}, named
    )


@pytest.mark.parametrize("name", BROKEN)
def test_a_change_beyond_the_band_is_named(judged: Judged, name: str) -> None:
    case = BROKEN[name]
    assert case.detail in judged.named[case.rule][judged.broken[name]]


@pytest.mark.parametrize("name", FINE)
def test_a_change_just_inside_is_not_named(judged: Judged, name: str) -> None:
    assert judged.fine[name] not in judged.named[FINE[name].rule]


def test_nothing_else_is_named(judged: Judged) -> None:
    named = {rule: set(loads) for rule, loads in judged.named.items()}
    assert named == {
        rule: {judged.broken[name] for name, case in BROKEN.items() if case.rule == rule} for rule in AREA_RULES
    }
