"""Gate 1: each rule names the loads that break it, with the cells to be mended, and no load that is just inside.

A check that has never failed is not a check.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from support.ledger_by_hand import Ledger
from support.load_cases import CASES, USUAL_MONTHS

from mangnon.contract.forms import all_forms
from mangnon.publishing import gates, phases

RULES = gates.suite("loads")


@dataclass(frozen=True)
class Judged:
    batch: int
    broken: dict[str, list[int]]
    fine: dict[str, list[int]]
    failed: dict[str, set[int]]  # what the gate's verdicts name
    refused: list[int]


@pytest.fixture(scope="module")
def judged(ledger: Ledger) -> Judged:
    reference, earlier, batch = ledger.batch(), ledger.batch(), ledger.batch()
    code_lists = ledger.reference(reference)
    counting = [ledger.receive(earlier, sent) for sent in USUAL_MONTHS]
    broken = {name: [ledger.receive(batch, sent) for sent in case.broken] for name, case in CASES.items()}
    fine = {name: [ledger.receive(batch, sent) for sent in case.fine] for name, case in CASES.items()}
    ledger.model([reference, earlier, batch], code_lists)
    ledger.run("update ops.loads set state = 'accepted' where batch_id <> %s", batch)
    ledger.releases(counting, [])

    refused = phases.judge_loads([batch])

    failed: dict[str, set[int]] = {name: set() for name in CASES}
    for name, load_id in ledger.rows("select expectation, load_id from ops.verdicts where not is_met"):
        failed[name].add(load_id)
    return Judged(batch, broken, fine, failed, refused)


def test_every_rule_has_data_that_breaks_it_and_data_just_inside() -> None:
    assert CASES.keys() == {rule.name for rule in RULES}
    assert [name for name, case in CASES.items() if not case.broken or not case.fine] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_names_the_loads_that_break_it(judged: Judged, rule: Any) -> None:
    assert judged.failed[rule.name] >= set(judged.broken[rule.name])
    assert not judged.failed[rule.name] & set(judged.fine[rule.name])
    refused = set(judged.broken[rule.name]) & set(judged.refused)
    if rule.severity == "critical":
        assert refused == set(judged.broken[rule.name])


def test_a_refused_load_says_why_in_vietnamese(judged: Judged, ledger: Ledger) -> None:
    (load_id,) = judged.broken["attendances_below_parts"]
    assert ledger.rows(f"select state, state_reason from ops.loads where load_id = {load_id}") == [
        (
            "refused",
            "Tổng lượt người tham dự nhỏ hơn tổng các thành phần: dòng 1 (100 < 101). "
            "Tổng phải bằng hoặc lớn hơn tổng các cột “Trong đó”: hãy sửa tổng hoặc sửa các thành phần.",
        )
    ]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.cells], ids=lambda rule: rule.name)
def test_a_rule_that_points_at_cells_marks_some_of_every_load_that_it_names(
    judged: Judged, ledger: Ledger, rule: Any
) -> None:
    marked = ledger.rows(
        """
        select verdicts.load_id, loads.form, cells.row_number, cells.field, loads.rows_loaded
        from ops.verdict_cells as cells
        inner join ops.verdicts using (verdict_id)
        inner join ops.loads using (load_id)
        where expectation = %s
        """,
        rule.name,
    )
    assert {load_id for load_id, *_ in marked} == judged.failed[rule.name]
    for _, form, row_number, field, rows in marked:
        assert 1 <= row_number <= rows
        assert all_forms()[form].field(field)


@pytest.mark.parametrize(
    ("name", "number", "marked"),
    [
        ("attendances_below_parts", 0, {(1, "attendances", "100 < 101")}),
        ("attendances_per_event_unusual", 0, {(1, "event_count", "9 lượt / 2"), (1, "attendances", "9 lượt / 2")}),
        ("lines_repeated", 0, {(1, "area", "dòng 1, 2"), (2, "area", "dòng 1, 2")}),
        ("incidents_subset_above_whole", 0, {(2, "victims", "3 > 2")}),
        ("incidents_subset_above_whole", 1, {(2, "is_subset", "thiếu dòng tổng")}),
        ("child_population_subset_above_whole", 0, {(2, "children", "101 > 100"), (3, "children", "101 > 100")}),
        ("total_thousandfold", 0, {(1, "attendances", "500.001, thường là 1.000")}),
        ("supported_fewer_than_before", 0, {(1, "children_supported", "5 tháng 01, 4 tháng 02")}),
        ("declared_totals_differ", 0, set()),
    ],
)
def test_the_cells_are_those_to_be_mended(
    judged: Judged, ledger: Ledger, name: str, number: int, marked: set[tuple[int, str, str]]
) -> None:
    (rule,) = (rule for rule in RULES if rule.name == name)
    cells = ledger.rows(
        """
        select row_number, field, cells.message
        from ops.verdict_cells as cells
        inner join ops.verdicts using (verdict_id)
        where expectation = %s and load_id = %s
        """,
        name, judged.broken[name][number],
    )  # fmt: skip
    assert {(row, field) for row, field, _ in cells} == {(row, field) for row, field, _ in marked}
    for row, field, message in cells:
        (shown,) = (shown for *cell, shown in marked if cell == [row, field])
        assert message.startswith(rule.message_vi)
        assert shown in message
        assert message.endswith(rule.mend_vi)


def test_warnings_refuse_nothing(judged: Judged) -> None:
    assert not set(judged.broken["events_repeated"]) & set(judged.refused)


def test_judging_again_says_the_same(judged: Judged, ledger: Ledger) -> None:
    query = """
        select load_id, expectation, severity, is_met, observed, message, state, state_reason
        from ops.verdicts
        left join ops.loads using (load_id)
        order by expectation, load_id
    """
    before = ledger.rows(query)
    assert phases.judge_loads([judged.batch]) == judged.refused
    assert ledger.rows(query) == before
