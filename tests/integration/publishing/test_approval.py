"""Releases that warnings hold back: readers keep what they have, a person may let one pass, the next night goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from support import databases
from support.airflow import answer, running_airflow
from support.outcomes import everything, run
from support.processes import Barrier, Event, Process, Queue, break_at, kill_me, wait_until_gone
from support.rounds import assert_ledger_is_right, deliver_night, seen
from support.workbooks import event, send, sessions

from expectations.rule import Rule
from mangnon.cli.release import release as release_command
from mangnon.intake import steps
from mangnon.ledger import approvals, candidates
from mangnon.ledger.approvals import NotApprovable
from mangnon.orchestration import api, runs
from mangnon.publishing import decisions, gates, phases
from mangnon.publishing.phases import ReleaseRefused
from mangnon.publishing.verdicts import Breach, Judgement
from mangnon.serving import annual_report
from mangnon.warehouse import dbt

RESTATED = "F01 (Buổi tuyên truyền tại trường học, cộng đồng), 2020: 232 +52"  # two trainings became sessions
REASON = "Phòng đã xác nhận bằng văn bản"


@dataclass
class Held:
    """The sample as release 1; release 2, in which 193 restates July 2020 by fifty sessions, is held."""

    warehouse: ModuleType
    inbox: Path
    before: int

    def sessions(self, reporter: str = "193", release: int | None = None) -> int | None:
        return sessions(self.warehouse, reporter, release)

    def send(self, more: int, revision: int, reporter: str = "193") -> None:
        count = (sessions(self.warehouse, reporter, 1) or 0) + more
        send(self.inbox, reporter, {"events": [event(reporter, count)]}, revision, "thiếu sổ theo dõi")

    def send_incidents(self) -> None:
        line = {"area": "194", "incident_class": "abuse", "abuse_type": "violence", "cases": 2, "victims": 2}
        send(self.inbox, "194", {"incidents": [line]}, 2, "thiếu vụ việc")

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self.warehouse.connect() as connection:
            return connection.execute(statement).fetchall()

    def states(self) -> list[tuple[Any, ...]]:
        return self.query("select release_id, state, refused_for from ops.releases order by release_id")


def the_night() -> int | None:
    """A night without Airflow."""
    load_what_came()
    return phases.publish_all()


def load_what_came() -> None:
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()


@pytest.fixture
def offering(published: ModuleType, tmp_path: Path) -> Held:
    inbox = tmp_path / "inbox"
    return Held(published, inbox, sessions(published, "193") or 0)


@pytest.fixture
def sent(offering: Held) -> Held:
    offering.send(50, revision=2)
    return offering


@pytest.fixture
def held(offering: Held) -> Held:
    def hold() -> None:
        offering.send(50, revision=2)
        with pytest.raises(ReleaseRefused, match=r"release 2 waits for an approval; .*mangnon release approve 2"):
            the_night()

    databases.once("held", hold)
    return offering


def test_a_held_release_keeps_yesterdays_and_an_approval_publishes_it(held: Held) -> None:
    first = everything(held.warehouse)
    assert held.states() == [(1, "published", None), (2, "refused", "warnings")]
    assert held.sessions() == held.before
    assert RESTATED in run(release_command, "show", 2)
    assert_a_batch_waits(held)

    for release, reason, message in (
        (99, REASON, "there is no release 99"),
        (2, "  ", "needs a reason"),
        (1, REASON, "release 1 is published already: release 2 is the one that waits now"),
    ):
        with pytest.raises(NotApprovable, match=message):
            decisions.approve(release, "Lan", reason)

    # A task that is tried again after a kill must not overwrite what the question is made from.
    verdicts = held.query("select * from ops.verdicts order by verdict_id")
    with pytest.raises(candidates.CandidateGone):
        phases.judge_release(2)
    assert held.query("select * from ops.verdicts order by verdict_id") == verdicts

    run(release_command, "approve", 2, "--reason", REASON, "--by", "Lan")

    assert held.states()[2:] == [(3, "published", None)]
    assert held.sessions() == held.before + 50
    assert held.sessions(release=1) == held.before
    assert held.query("select release_id, refused_release, rules, approved_by, reason from ops.release_approvals") == [
        (3, 2, ["closed_year_restated_largely"], "Lan", REASON)
    ]
    shown = run(release_command, "show", 3)
    assert f"published despite warnings, approved by Lan: {REASON}" in shown
    assert "- Gửi lại làm thay đổi lớn" in shown
    assert_ledger_is_right(held.warehouse)

    # BI sees that, and despite what, but not who approved and in which words.
    third = everything(held.warehouse)
    (about,) = third["about_release"]
    assert about[0]["approved_warnings"] == "closed_year_restated_largely"
    assert first["about_release"][0][0]["approved_warnings"] is None
    assert "Lan" not in str(third["about_release"])
    assert REASON not in str(third)
    with held.warehouse.connect("auditor") as connection:
        assert "Công bố dù có cảnh báo: Gửi lại" in annual_report.as_text(
            connection, annual_report.figures(connection, 2020)
        )

    # Whoever goes back to it, shows it despite the same warnings.
    decisions.roll_back(1, "Lan", "thử")
    decisions.roll_back(3, "Lan", "thử")
    assert everything(held.warehouse) == third


def assert_a_batch_waits(held: Held) -> None:
    assert held.query("select count(*) from ops.batches where state = 'closed'") == [(1,)]


def test_the_next_night_takes_a_held_release_along_and_asks_anew(held: Held) -> None:
    held.send(1, revision=2, reporter="194")
    with pytest.raises(ReleaseRefused, match="release 3 waits for an approval"):
        the_night()
    with pytest.raises(
        NotApprovable, match=r"release 2 does not wait .* any more: release 3 is the one that waits now"
    ):
        decisions.approve(2, "Lan", REASON)
    assert held.sessions() == held.before

    assert decisions.approve(3, "Lan", REASON) == 4
    assert held.sessions() == held.before + 50
    assert held.sessions("194") == (held.sessions("194", release=1) or 0) + 1
    with pytest.raises(NotApprovable, match="release 4 is published already: no release waits now"):
        decisions.approve(4, "Lan", REASON)
    assert_ledger_is_right(held.warehouse)


def test_what_is_mended_needs_no_approval(held: Held) -> None:
    held.send(1, revision=3)
    assert the_night() == 3
    assert held.sessions() == held.before + 1
    with pytest.raises(NotApprovable, match="no release waits now; nothing was published"):
        decisions.approve(2, "Lan", REASON)
    assert held.query("select count(*) from ops.release_approvals") == [(0,)]


def test_warnings_that_nobody_approved_hold_the_release_again(held: Held) -> None:
    held.send_incidents()
    load_what_came()  # a batch is closed, and its publishing has not begun
    with pytest.raises(ReleaseRefused, match=r"It was not approved despite: .* thay đổi số vụ việc") as refusal:
        decisions.approve(2, "Lan", REASON)
    assert "F01" not in str(refusal.value), "only what is new is named"
    assert held.states()[2:] == [(3, "refused", "warnings")]
    assert held.sessions() == held.before

    assert decisions.approve(3, "Lan", REASON) == 4
    assert held.query("select rules from ops.release_approvals") == [
        (["closed_year_incident_restated", "closed_year_restated_largely"],)
    ]


def test_what_is_critical_is_never_published(held: Held) -> None:
    with held.warehouse.connect() as connection:
        connection.execute(
            """
            create function core.spoil() returns trigger language plpgsql as $$
            begin
                new.value := case when new.figure = 'F25' then -1 else new.value end;
                return new;
            end $$;
            create trigger spoil before insert on core.computed_annual_report
            for each row execute function core.spoil();
            """
        )
    with pytest.raises(ReleaseRefused, match="gate 2 refused release 3"):
        decisions.approve(2, "Lan", REASON)
    assert held.states()[2:] == [(3, "refused", "critical")]
    for release in (2, 3):
        with pytest.raises(NotApprovable, match="nothing was published"):
            decisions.approve(release, "Lan", REASON)
    with pytest.raises(NotApprovable, match="release 3 breaks critical rules, which no approval sets aside"):
        decisions.approve(3, "Lan", REASON)
    assert held.sessions() == held.before
    assert_a_batch_waits(held)


def test_two_who_approve_at_once(held: Held) -> None:
    barrier, outcomes = Barrier(2), Queue()
    approving = [Process(target=_approve_at_once, args=(barrier, outcomes, name)) for name in ("Lan", "Minh")]
    for process in approving:
        process.start()
    said = sorted([outcomes.get(timeout=300) for _ in approving], key=str)
    for process in approving:
        process.join()
    with held.warehouse.connect() as connection:
        approved = connection.execute("select release_id, approved_by from ops.release_approvals").fetchall()
    if not approved:  # each replaced the other's candidate: both were told, and the question is still open
        assert decisions.approve(2, "Lan", REASON)
    else:
        ((release, winner),) = approved
        assert (winner, release) in said
        assert any(word in str(said) for word in ("PublishingElsewhere", "CandidateGone", "NotApprovable"))
    assert held.sessions() == held.before + 50
    assert_ledger_is_right(held.warehouse)


def _approve_at_once(barrier: Any, outcomes: Any, name: str) -> None:
    barrier.wait()
    try:
        outcomes.put((name, decisions.approve(2, name, REASON)))
    except Exception as error:
        outcomes.put((name, type(error).__name__))


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads are made by hand, nothing is computed, and gate 2 always has the same warning."""
    monkeypatch.setattr(dbt, "model", lambda *_: None)
    monkeypatch.setattr(dbt, "build_release_tables", lambda _: None)
    monkeypatch.setattr(phases, "judge_loads", lambda _: [])
    monkeypatch.setattr(gates, "judge_release", _warn)


def _warn(*_: object) -> Judgement:
    rule = Rule("by_hand", "release", "warning", "nobody", "Lạ", "", holds_release=True)
    return Judgement([rule], [Breach(rule, None, "1", "Lạ", "Lạ.")], {})


@pytest.mark.usefixtures("by_hand")
def test_an_approval_killed_between_any_two_statements(warehouse: ModuleType) -> None:
    deliver_night(1)
    number, statement = 1, 0
    while True:
        with pytest.raises(ReleaseRefused, match="waits for an approval"):
            phases.publish_all()
        question = _waiting(warehouse)
        assert question
        statement += 1
        killed = Event()
        act = lambda question=question: decisions.approve(question, "Lan", REASON)  # noqa: E731
        process = Process(target=break_at, args=(statement, kill_me, killed, act))
        process.start()
        process.join()
        wait_until_gone(warehouse, "mangnon publisher")
        if _waiting(warehouse) is not None:
            assert _waiting(warehouse) == question, "the question is still the same"
            assert number == 1 or seen(warehouse) == number - 1
            assert decisions.approve(question, "Minh", REASON)
        assert seen(warehouse) == number
        assert_ledger_is_right(warehouse)
        with warehouse.connect() as connection:
            approved = connection.execute("select count(*) from ops.release_approvals").fetchone()
        assert approved == (number,), "one approval for each release"
        if not killed.is_set():
            break
        number += 1
        deliver_night(number)
    assert statement > 30


def _waiting(warehouse: ModuleType) -> int | None:
    with warehouse.connect("auditor") as connection:
        return approvals.waiting_release(connection)


# Airflow


@pytest.fixture
def airflow(published: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    with running_airflow(monkeypatch) as running:
        monkeypatch.setattr(api, "SECONDS_FOR_A_NIGHT", 400)  # what is lost must not hold up the tests
        yield running


def test_in_airflow_a_question_is_asked_and_the_next_night_goes_on(airflow: ModuleType, sent: Held) -> None:
    with pytest.raises(airflow.ServiceError):  # red, but it has ended
        runs.run_night()
    first = _question(airflow, 2)
    assert RESTATED in first["body"]
    assert "Người đọc vẫn xem bản số 1" in first["body"]
    assert set(first["params"]) == {"reason"}

    # The next night while the question is open.
    sent.send(1, revision=2, reporter="194")
    with pytest.raises(airflow.ServiceError):
        runs.run_night()
    assert sent.states()[1:] == [(2, "refused", "warnings"), (3, "refused", "warnings")]

    # The old question publishes nothing, and what is the newest is asked.
    assert answer("approve_release", first["dag_run_id"], "Approve", reason=REASON) == "failed"
    assert sent.sessions() == sent.before
    second = _question(airflow, 3)

    assert answer("approve_release", second["dag_run_id"], "Approve", reason=REASON) == "success"
    assert sent.states()[3:] == [(4, "published", None)]
    assert sent.sessions() == sent.before + 50
    assert sent.query("select refused_release, approved_by, reason from ops.release_approvals") == [
        (3, "admin", REASON)
    ]


def _question(airflow: ModuleType, release: int) -> dict[str, Any]:
    """The question on that release, once it is asked."""

    def look() -> dict[str, Any] | None:
        path = "dags/approve_release/dagRuns/~/taskInstances?state=awaiting_input"
        for task in api.ask("GET", path)["task_instances"]:
            run_path = f"dags/approve_release/dagRuns/{quote(task['dag_run_id'], safe='')}"
            (question,) = api.ask("GET", f"{run_path}/hitlDetails")["hitl_details"]
            if question["subject"] == f"Công bố bản số {release} dù có cảnh báo?":
                return question | {"dag_run_id": task["dag_run_id"]}
        return None

    return api.wait(look, 300, f"the question on release {release}")
