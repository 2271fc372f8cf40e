"""How a gate judges, whatever its rules say."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from types import ModuleType

import pytest
import yaml
from support.ledger_by_hand import Ledger, Sent

from mangnon.publishing import gates, phases, verdicts
from mangnon.settings import PROJECT, settings

SUITE = gates.suite("loads")
UNREADABLE = Sent("events", [], rows_refused=1)


@pytest.fixture
def ledger(warehouse: ModuleType) -> Iterator[Ledger]:
    with warehouse.connect() as connection:
        yield Ledger(connection)


def received(ledger: Ledger, batch: int, *submissions: Sent) -> list[int]:
    loads = [ledger.receive(batch, sent) for sent in submissions]
    ledger.run("update ops.loads set state = 'modelled' where load_id = any(%s)", loads)
    return loads


def use(monkeypatch: pytest.MonkeyPatch, query: str, cells: str = "") -> None:
    rule = type(SUITE[0])("tried", "loads", "critical", "nobody", "Thử", query, "Hãy sửa.", cells)
    monkeypatch.setattr(gates, "suite", lambda _: [rule])


def test_more_failing_loads_than_great_expectations_lists_are_all_named(ledger: Ledger) -> None:
    batch = ledger.batch()
    loads = received(ledger, batch, *[UNREADABLE] * 450)
    assert phases.judge_loads([batch]) == loads
    named = ledger.rows("select load_id from ops.verdicts where expectation = 'rows_refused' order by load_id")
    assert [row[0] for row in named] == loads


def test_every_batch_has_a_verdict_of_every_rule(ledger: Ledger) -> None:
    sound, broken = ledger.batch(), ledger.batch()
    received(ledger, sound, Sent("events", []))
    received(ledger, broken, UNREADABLE, UNREADABLE)
    phases.judge_loads([sound, broken])
    verdicts = Counter(ledger.rows("select batch_id, is_met from ops.verdicts"))
    assert verdicts == {(sound, True): len(SUITE), (broken, True): len(SUITE) - 1, (broken, False): 2}


def test_a_refused_load_is_judged_again_and_can_be_accepted(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = ledger.batch()
    loads = received(ledger, batch, UNREADABLE)
    assert phases.judge_loads([batch]) == loads
    use(monkeypatch, "select load_id, 0 as observed, '' as detail from judged_loads where false")
    assert phases.judge_loads([batch]) == []
    assert ledger.rows("select state, state_reason from ops.loads") == [("modelled", None)]


@pytest.mark.parametrize("state", ["loaded", "accepted", "held", "same", "refused"])
def test_only_modelled_loads_are_judged(ledger: Ledger, state: str) -> None:
    batch = ledger.batch()
    ledger.receive(batch, UNREADABLE)
    ledger.run("update ops.loads set state = %s", state)
    assert phases.judge_loads([batch]) == []
    assert ledger.rows("select state from ops.loads") == [(state,)]
    assert ledger.rows("select * from ops.verdicts") == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select load_id, 1 as observed, 'x' as detail from no_such_table", "tried could not be run"),
        (
            "select load_id, 1 as observed, 'x' as detail from judged_loads cross join generate_series(1, 2)",
            "counted 2 failing loads, but names 1",
        ),
        ("select 0::bigint as load_id, 1 as observed, 'x' as detail from judged_loads", "not judged"),
    ],
)
def test_a_rule_that_cannot_be_trusted_judges_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, query: str, message: str
) -> None:
    batch = ledger.batch()
    received(ledger, batch, UNREADABLE)
    use(monkeypatch, query)
    with pytest.raises(gates.GateError, match=message):
        phases.judge_loads([batch])
    assert ledger.rows("select state from ops.loads") == [("modelled",)]
    assert ledger.rows("select * from ops.verdicts") == []


def test_cells_are_marked_up_to_a_limit_and_the_verdict_says_so(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = ledger.batch()
    received(ledger, batch, Sent("events", []))
    monkeypatch.setattr(verdicts, "CELLS_MARKED", 2)
    use(
        monkeypatch,
        "select load_id, 3 as observed, 'ba ô' as detail from judged_loads",
        """
        select load_id, 'Hoạt động' as sheet_name, number as row_number, 'area' as field, 'ô ' || number as shown
        from judged_loads cross join generate_series(1, 3) as numbers (number)
        """,
    )
    for _ in range(2):  # judging again replaces them
        phases.judge_loads([batch])
        assert ledger.rows("select message from ops.verdicts") == [
            ("Thử: ba ô. Hãy sửa. (Chỉ đánh dấu 2 ô đầu trong 3 ô.)",)
        ]
        assert ledger.rows("select sheet_name, row_number, field, message from ops.verdict_cells order by 2") == [
            ("Hoạt động", 1, "area", "Thử: ô 1. Hãy sửa."),
            ("Hoạt động", 2, "area", "Thử: ô 2. Hãy sửa."),
        ]


def test_data_docs_show_the_last_judgement(ledger: Ledger) -> None:
    batch = ledger.batch()
    received(ledger, batch, UNREADABLE)
    phases.judge_loads([batch])
    pages = list((settings().home / "data_docs" / "loads").rglob("validations/**/*.html"))
    assert any("Biểu có dòng không đọc được" in page.read_text(encoding="utf-8") for page in pages)


def test_every_threshold_has_a_date_and_a_reason_and_is_used() -> None:
    folder = PROJECT / "expectations"
    thresholds = yaml.safe_load((folder / "thresholds.yml").read_text(encoding="utf-8"))
    suites = "".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.py"))
    for name, declared in thresholds.items():
        assert declared.keys() == {"value", "unit", "date", "reason"}
        assert isinstance(declared["date"], date)
        assert declared["reason"].endswith(".")
        assert f'"{name}"' in suites or f"'{name}'" in suites


def test_rules_are_told_apart_by_name() -> None:
    names = [rule.name for each in ("loads", "release") for rule in gates.suite(each)]
    assert len(names) == len(set(names))
