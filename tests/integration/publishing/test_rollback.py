"""Rolling back: a release of its own that shows an earlier one, and what comes after it."""

from types import ModuleType
from urllib.parse import quote

import psycopg
import pytest
from support.airflow import answer
from support.ledger_by_hand import Ledger
from support.outcomes import everything, run
from support.resubmission import Resubmitted

from mangnon.cli.release import release as release_command
from mangnon.ledger.releases import NoSuchRelease
from mangnon.orchestration import api
from mangnon.publishing import decisions


def test_a_rollback_is_a_new_release_that_shows_the_old_one(resubmitted: Resubmitted) -> None:
    first, second = everything(resubmitted.warehouse, 1), everything(resubmitted.warehouse, 2)
    assert first != second

    output = run(release_command, "rollback", 1, "--reason", "số sai", "--by", "Lan")

    assert output == "Release 3 is published: it shows what release 1 showed.\n"
    assert everything(resubmitted.warehouse) == first
    assert everything(resubmitted.warehouse, 2) == second
    assert run(release_command, "diff", 1, 3).count("0 added, 0 removed, 0 replaced") == 1
    shown = run(release_command, "show", 3)
    assert "visible" in shown
    assert "restores release 1; asked for by Lan: số sai" in shown


def test_what_was_computed_is_restored_as_it_was_published_then(published: ModuleType) -> None:
    """Also where today's code would compute something else."""
    with published.connect() as connection:
        connection.execute("update core.computed_annual_report set value = 12345 where figure = 'F01' and year = 2020")
        Ledger(connection).deliver(9, "unlike")
        Ledger(connection).night()
    with pytest.raises(NoSuchRelease, match="release 2 is the one that readers see now"):
        decisions.roll_back(2, "Lan", "thử")
    assert decisions.roll_back(1, "Lan", "thử") == 3
    with psycopg.connect(published.reader_url()) as reader:
        row = reader.execute("select value, release_id from marts.annual_report where figure = 'F01' and year = 2020")
        assert row.fetchall() == [(12345, 3)]
        assert reader.execute("select release_id from marts.about_release").fetchall() == [(3,)]


def test_after_a_rollback_only_what_is_sent_again_counts_anew(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.deliver(1, "uno", reporter="194")
    ledger.night()
    ledger.deliver(2, "two")
    ledger.deliver(2, "due", reporter="194")
    ledger.deliver(1, "new", reporter="195")
    ledger.night()
    assert decisions.roll_back(1, "Lan", "thử") == 3
    assert ledger.counting() == {("193", "events"): "one", ("194", "events"): "uno"}
    assert ledger.night() is None, "a night with nothing new leaves a rollback as it is"

    ledger.deliver(3, "three")
    ledger.deliver(1, "other", reporter="196")
    assert ledger.night() == 4
    expected = {("193", "events"): "three", ("194", "events"): "uno", ("196", "events"): "other"}
    assert ledger.counting() == expected

    # Whoever sends anything of a key has its highest revision counted again, also what was rolled back.
    ledger.deliver(1, "uno", reporter="194")
    assert ledger.night() == 5
    assert ledger.counting() == expected | {("194", "events"): "due"}
    assert ledger.counting(3) == {("193", "events"): "one", ("194", "events"): "uno"}


def test_a_rollback_can_be_rolled_back(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    ledger.deliver(2, "two")
    ledger.night()
    assert decisions.roll_back(1, "Lan", "thử") == 3
    with pytest.raises(NoSuchRelease, match="release 3, which readers see now, shows what 1 showed"):
        decisions.roll_back(1, "Lan", "thử")
    assert decisions.roll_back(2, "Lan", "doch") == 4
    assert [ledger.counting(release) for release in (1, 2, 3, 4)] == [
        {("193", "events"): content} for content in ("one", "two", "one", "two")
    ]


def test_a_rollback_replaces_an_open_candidate_and_its_loads_wait(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    ledger.deliver(2, "two")
    ledger.night()
    ledger.deliver(1, "new", reporter="194")
    ledger.candidate()
    assert decisions.roll_back(1, "Lan", "thử") == 4
    assert ledger.counting() == {("193", "events"): "one"}
    assert ledger.night() == 5
    assert ledger.counting() == {("193", "events"): "one", ("194", "events"): "new"}


@pytest.mark.parametrize(
    ("prepare", "release", "message"),
    [
        ("select", 99, "there is no release 99"),
        ("update ops.releases set state = 'refused', published_at = null where release_id = 1", 1, "never published"),
        ("update ops.releases set pruned_at = '2021-01-01' where release_id = 1", 1, "was pruned on 2021-01-01"),
        ("select", 2, "release 2 is the one that readers see now"),
        ("update ops.loads set state = 'held', held_by = 'Lan' where load_id = 1", 1, "load 1 .* Lan holds it"),
    ],
)
def test_what_cannot_be_restored_is_refused_in_a_sentence(
    ledger: Ledger,
    prepare: str,
    release: int,
    message: str,
) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    ledger.deliver(2, "two")
    ledger.night()
    ledger.connection.execute(prepare.encode())
    with pytest.raises(NoSuchRelease, match=message):
        decisions.roll_back(release, "Lan", "thử")
    assert ledger.counting() == {("193", "events"): "two"}


def test_a_rollback_waits_for_nobody_and_disturbs_no_publisher(ledger: Ledger, warehouse: ModuleType) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    ledger.deliver(2, "two")
    ledger.night()
    with (
        warehouse.connect("publisher") as other,
        warehouse.publishing_lock(other),
        pytest.raises(warehouse.PublishingElsewhere),
    ):
        decisions.roll_back(1, "Lan", "thử")
    assert ledger.counting() == {("193", "events"): "two"}


def test_in_airflow_a_rollback_waits_for_approval(
    ledger: Ledger, airflow: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "SECONDS_FOR_A_NIGHT", 300)  # a lost answer must not hold up the tests for an hour
    ledger.deliver(1, "one")
    ledger.night()
    ledger.deliver(2, "two")
    ledger.night()
    for choice, state, counts in (("Reject", "skipped", "two"), ("Approve", "success", "one")):
        asked = {"logical_date": None, "conf": {"release": 1, "reason": "số sai"}}
        run_id = api.ask("POST", "dags/roll_back_release/dagRuns", asked)["dag_run_id"]
        run_path = f"dags/roll_back_release/dagRuns/{quote(run_id, safe='')}"
        wait_for_question(f"{run_path}/taskInstances/approve")
        (question,) = api.ask("GET", f"{run_path}/hitlDetails")["hitl_details"]
        assert "Reason: số sai" in question["body"]
        assert "1 replaced" in question["body"]
        assert ledger.counting() == {("193", "events"): "two"}

        assert answer("roll_back_release", run_id, choice) == "success"
        tasks = {task["task_id"]: task for task in api.ask("GET", f"{run_path}/taskInstances")["task_instances"]}
        assert tasks["roll_back"]["state"] == state
        assert ledger.counting() == {("193", "events"): counts}
    query = "select restores, requested_by, request_reason from ops.releases where release_id = 3"
    assert ledger.connection.execute(query).fetchall() == [(1, "admin", "số sai")]


def wait_for_question(task_path: str) -> None:
    """Waits until the task asks a person."""
    api.wait(lambda: api.ask("GET", task_path)["state"] == "awaiting_input", 300, "the approval")
