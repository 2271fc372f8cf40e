"""Looking back, comparing, rolling back and holding: every withdrawal is a release, and what came before stays true."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import psycopg
import pytest
from click.testing import CliRunner
from test_airflow import airflow, answer  # noqa: F401
from test_ledger import counting, deliver, night, publisher, states  # noqa: F401
from test_night import event, send, sessions

from mangnon.cli.load import load as load_command
from mangnon.cli.release import release as release_command
from mangnon.ledger import candidates, releases
from mangnon.ledger.batches import close_night, closed_batches, open_night
from mangnon.ledger.releases import NoSuchRelease
from mangnon.orchestration import api
from mangnon.publishing import decisions, phases
from mangnon.publishing.decisions import NoSuchLoad
from mangnon.warehouse import Connection


def run(command: object, *arguments: object) -> str:
    """What a command prints."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@dataclass
class Resubmitted:
    """The sample as release 1; release 2, in which 193 has sent July again with one session more."""

    warehouse: ModuleType
    inbox: Path
    run_night: Callable[[], int | None]
    before: int
    load: int

    def sessions(self, release: int | None = None) -> int | None:
        return sessions(self.warehouse, "193", release)

    def send(self, count: int, revision: int, reason: str = "sửa số liệu") -> None:
        send(self.inbox, "193", {"events": [event("193", count)]}, revision, reason)


@pytest.fixture
def resubmitted(published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]) -> Resubmitted:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    before = sessions(published, "193") or 0
    send(inbox, "193", {"events": [event("193", before + 1)]}, 2, "thiếu một buổi")
    assert run_night() == 2
    with published.connect("auditor") as connection:
        (load,) = connection.execute("select max(load_id) from ops.loads").fetchone()
    return Resubmitted(published, inbox, run_night, before, load)


def everything(warehouse: ModuleType, release: int | None = None) -> dict[str, list[tuple]]:
    """Every row of every mart, as BI sees it, without what says which release it is."""
    with psycopg.connect(warehouse.reader_url(), options=warehouse.connection_options(release=release)) as reader:
        views = reader.execute("select viewname from pg_views where schemaname = 'marts' order by 1").fetchall()
        return {
            view: reader.execute(
                f"""
                select to_jsonb({view}) - 'release_id' - 'published_at' - 'seen_until' as content
                from marts.{view}
                order by 1
                """
            ).fetchall()
            for (view,) in views
            if view not in ("releases", "dim_dates")
        }


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
        deliver(connection, 9, "unlike")
        night(connection)
    with pytest.raises(NoSuchRelease, match="release 2 is the one that readers see now"):
        decisions.roll_back(2, "Lan", "thử")
    assert decisions.roll_back(1, "Lan", "thử") == 3
    with psycopg.connect(published.reader_url()) as reader:
        row = reader.execute("select value, release_id from marts.annual_report where figure = 'F01' and year = 2020")
        assert row.fetchall() == [(12345, 3)]
        assert reader.execute("select release_id from marts.about_release").fetchall() == [(3,)]


def test_after_a_rollback_only_what_is_sent_again_counts_anew(publisher: Connection) -> None:  # noqa: F811
    deliver(publisher, 1, "one")
    deliver(publisher, 1, "uno", reporter="194")
    night(publisher)
    deliver(publisher, 2, "two")
    deliver(publisher, 2, "due", reporter="194")
    deliver(publisher, 1, "new", reporter="195")
    night(publisher)
    assert decisions.roll_back(1, "Lan", "thử") == 3
    assert counting(publisher) == {("193", "events"): "one", ("194", "events"): "uno"}
    assert night(publisher) is None, "a night with nothing new leaves a rollback as it is"

    deliver(publisher, 3, "three")
    deliver(publisher, 1, "other", reporter="196")
    assert night(publisher) == 4
    expected = {("193", "events"): "three", ("194", "events"): "uno", ("196", "events"): "other"}
    assert counting(publisher) == expected

    # Whoever sends anything of a key has its highest revision counted again, also what was rolled back.
    deliver(publisher, 1, "uno", reporter="194")
    assert night(publisher) == 5
    assert counting(publisher) == expected | {("194", "events"): "due"}
    assert counting(publisher, 3) == {("193", "events"): "one", ("194", "events"): "uno"}


def test_a_rollback_can_be_rolled_back(publisher: Connection) -> None:  # noqa: F811
    deliver(publisher, 1, "one")
    night(publisher)
    deliver(publisher, 2, "two")
    night(publisher)
    assert decisions.roll_back(1, "Lan", "thử") == 3
    with pytest.raises(NoSuchRelease, match="release 3, which readers see now, shows what 1 showed"):
        decisions.roll_back(1, "Lan", "thử")
    assert decisions.roll_back(2, "Lan", "doch") == 4
    assert [counting(publisher, release) for release in (1, 2, 3, 4)] == [
        {("193", "events"): content} for content in ("one", "two", "one", "two")
    ]


def test_a_rollback_replaces_an_open_candidate_and_its_loads_wait(publisher: Connection) -> None:  # noqa: F811
    deliver(publisher, 1, "one")
    night(publisher)
    deliver(publisher, 2, "two")
    night(publisher)
    deliver(publisher, 1, "new", reporter="194")
    close_night(publisher)
    candidates.build_candidate(publisher, closed_batches(publisher), "now")
    assert decisions.roll_back(1, "Lan", "thử") == 4
    assert counting(publisher) == {("193", "events"): "one"}
    assert night(publisher) == 5
    assert counting(publisher) == {("193", "events"): "one", ("194", "events"): "new"}


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
    publisher: Connection,  # noqa: F811
    prepare: str,
    release: int,
    message: str,
) -> None:
    deliver(publisher, 1, "one")
    night(publisher)
    deliver(publisher, 2, "two")
    night(publisher)
    publisher.execute(prepare.encode())
    publisher.commit()
    with pytest.raises(NoSuchRelease, match=message):
        decisions.roll_back(release, "Lan", "thử")
    assert counting(publisher) == {("193", "events"): "two"}


def test_a_rollback_waits_for_nobody_and_disturbs_no_publisher(publisher: Connection, warehouse: ModuleType) -> None:  # noqa: F811
    deliver(publisher, 1, "one")
    night(publisher)
    deliver(publisher, 2, "two")
    night(publisher)
    with (
        warehouse.connect("publisher") as other,
        warehouse.publishing_lock(other),
        pytest.raises(warehouse.PublishingElsewhere),
    ):
        decisions.roll_back(1, "Lan", "thử")
    assert counting(publisher) == {("193", "events"): "two"}


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


def test_a_held_load_counts_no_more_until_it_is_released(resubmitted: Resubmitted) -> None:
    run(load_command, "hold", resubmitted.load, "--reason", "huyện đang xem lại", "--by", "Lan")
    assert resubmitted.sessions() == resubmitted.before
    assert resubmitted.sessions(2) == resubmitted.before + 1
    assert f"asked for by Lan: held load {resubmitted.load}: huyện đang xem lại" in run(release_command, "show", 3)
    assert "No figure" in run(release_command, "diff", 1, 3)

    # Lower revisions come and go; the held one stays out.
    resubmitted.send(resubmitted.before + 5, 1)
    resubmitted.run_night()
    assert resubmitted.sessions() != resubmitted.before + 1

    with pytest.raises(NoSuchLoad, match="is held already, by Lan"):
        decisions.hold(resubmitted.load, "Minh", "cũng vậy")
    run(load_command, "release", resubmitted.load)
    assert resubmitted.sessions() == resubmitted.before + 1
    with pytest.raises(NoSuchLoad, match="is not held: it is accepted"):
        decisions.let_count(resubmitted.load, "Lan")


@pytest.fixture
def no_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishing without dbt and gates, for loads that have no rows."""
    monkeypatch.setattr(phases.transform, "build_release_tables", lambda release_id: None)
    monkeypatch.setattr(phases, "judge_release", lambda release_id, _: release_id)


def silent(_: str) -> None:
    """Says nothing."""


@pytest.mark.usefixtures("no_gates")
def test_the_last_load_of_a_key_can_be_held(publisher: Connection) -> None:  # noqa: F811
    load = deliver(publisher, 1, "one")
    deliver(publisher, 1, "other", reporter="194")
    night(publisher)
    assert decisions.hold(load, "Lan", "sai", silent) == 2
    assert counting(publisher) == {("194", "events"): "other"}
    assert decisions.let_count(load, "Lan", silent) == 3
    assert counting(publisher) == counting(publisher, 1)
    assert states(publisher)[load] == "accepted"


@pytest.mark.usefixtures("no_gates")
def test_holding_the_wrong_one_of_a_tie_lets_the_other_count(publisher: Connection) -> None:  # noqa: F811
    deliver(publisher, 1, "one")
    night(publisher)
    this, that = deliver(publisher, 2, "this"), deliver(publisher, 2, "that")
    night(publisher)
    with pytest.raises(NoSuchLoad, match="another file claims the same revision"):
        decisions.let_count(this, "Lan", silent)
    assert decisions.hold(that, "Lan", "tệp sai", silent) == 2
    assert counting(publisher) == {("193", "events"): "this"}
    assert (states(publisher)[this], states(publisher)[that]) == ("accepted", "held")
    # Released, it is a rival again.
    assert decisions.let_count(that, "Lan", silent) == 3
    assert counting(publisher) == {("193", "events"): "one"}
    assert states(publisher)[this] == states(publisher)[that] == "held"


@pytest.mark.usefixtures("no_gates")
def test_a_held_delivery_that_is_read_again_stays_held(publisher: Connection) -> None:  # noqa: F811
    deliver(publisher, 1, "one")
    night(publisher)
    load = deliver(publisher, 2, "two")
    night(publisher)
    assert decisions.hold(load, "Lan", "sai", silent) == 3
    again = read_again(publisher, load)
    assert night(publisher) is None
    assert counting(publisher) == {("193", "events"): "one"}
    assert states(publisher)[again] == "held"
    # Whichever reading is named, the delivery is meant.
    assert decisions.let_count(load, "Lan", silent) == 4
    assert counting(publisher) == {("193", "events"): "two by newer code"}


@pytest.mark.usefixtures("no_gates")
def test_the_same_content_of_another_load_replaces_a_held_one(publisher: Connection) -> None:  # noqa: F811
    first = deliver(publisher, 1, "one")
    night(publisher)
    second = deliver(publisher, 2, "one")
    assert night(publisher) is None
    assert decisions.hold(first, "Lan", "tệp lạ", silent) == 2
    assert publisher.execute("select load_id from ops.published_loads where until_release = 2147483647").fetchall() == [
        (second,)
    ]


@pytest.mark.usefixtures("no_gates")
def test_a_hold_that_was_cut_off_is_completed_by_the_next_night(
    publisher: Connection,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deliver(publisher, 1, "one")
    night(publisher)
    load = deliver(publisher, 2, "two")
    night(publisher)
    with monkeypatch.context() as patch:
        patch.setattr(phases, "publish_all", lambda say: None)  # killed before it published
        decisions.hold(load, "Lan", "sai", silent)
    assert counting(publisher) == {("193", "events"): "two"}
    deliver(publisher, 1, "new", reporter="194")
    night(publisher)
    assert counting(publisher) == {("193", "events"): "one", ("194", "events"): "new"}
    assert phases.publish_all(silent) is None


@pytest.mark.parametrize(
    ("state", "act", "message"),
    [
        ("refused", decisions.let_count, "was refused by a gate"),
        ("refused", lambda load, by: decisions.hold(load, by, "sai"), "is refused: it does not count"),
        ("loaded", lambda load, by: decisions.hold(load, by, "sai"), "is loaded: it does not count"),
    ],
)
def test_what_may_not_be_held_or_released(
    publisher: Connection,  # noqa: F811
    state: str,
    act: Callable[[int, str], object],
    message: str,
) -> None:
    load = deliver(publisher, 1, "one")
    publisher.execute("update ops.loads set state = %s", [state])
    publisher.commit()
    with pytest.raises(NoSuchLoad, match=message):
        act(load, "Lan")
    with pytest.raises(NoSuchLoad, match="there is no load 99"):
        act(99, "Lan")
    assert states(publisher) == {load: state}


def read_again(connection: Connection, load: int) -> int:
    """The same delivery, read by newer code into the open batch."""
    row = connection.execute(
        """
        insert into ops.loads (
            delivery_id, batch_id, reporter_code, form, period, revision, fingerprint,
            state, content_hash, rows_in, rows_loaded, rows_refused
        )
        select
            delivery_id, %s, reporter_code, form, period, revision, 'newer',
            'modelled', content_hash || ' by newer code', 0, 0, 0
        from ops.loads where load_id = %s
        returning load_id
        """,
        [open_night(connection), load],
    ).fetchone()
    assert row is not None
    connection.commit()
    return row[0]


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
        deliver(connection, 2, "two")
        close_night(connection)
        candidate = candidates.build_candidate(connection, closed_batches(connection), "now")
    with psycopg.connect(published.reader_url(), autocommit=True) as reader:
        views = reader.execute("select viewname from pg_views where schemaname = 'marts'").fetchall()
        assert len(views) > 20
        reader.execute(f"set mangnon.release = '{candidate}'")
        for (view,) in views:
            if view in ("releases", "dim_dates"):  # the same whichever release one looks at
                continue
            with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"no published release {candidate}"):
                reader.execute(f"select * from marts.{view}")
        assert (candidate,) not in reader.execute("select release_id from marts.releases").fetchall()


@pytest.mark.parametrize(("choice", "state"), [("Reject", "skipped"), ("Approve", "success")])
def test_in_airflow_a_rollback_waits_for_approval(
    publisher: Connection,  # noqa: F811
    airflow: ModuleType,  # noqa: F811
    choice: str,
    state: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(api, "SECONDS_FOR_A_NIGHT", 300)  # a lost answer must not hold up the tests for an hour
    deliver(publisher, 1, "one")
    night(publisher)
    deliver(publisher, 2, "two")
    night(publisher)
    asked = {"logical_date": None, "conf": {"release": 1, "reason": "số sai"}}
    run_id = api.ask("POST", "dags/roll_back_release/dagRuns", asked)["dag_run_id"]
    run_path = f"dags/roll_back_release/dagRuns/{quote(run_id, safe='')}"
    approve = f"{run_path}/taskInstances/approve"
    api.wait(lambda: api.ask("GET", approve)["state"] == "awaiting_input", 300, "the approval")
    (question,) = api.ask("GET", f"{run_path}/hitlDetails")["hitl_details"]
    assert "Reason: số sai" in question["body"]
    assert "1 replaced" in question["body"]
    assert counting(publisher) == {("193", "events"): "two"}

    assert answer("roll_back_release", run_id, choice) == "success"
    tasks = {task["task_id"]: task for task in api.ask("GET", f"{run_path}/taskInstances")["task_instances"]}
    assert tasks["roll_back"]["state"] == state
    assert counting(publisher) == {("193", "events"): "one" if choice == "Approve" else "two"}
    if choice == "Approve":
        query = "select restores, requested_by, request_reason from ops.releases where release_id = 3"
        assert publisher.execute(query).fetchall() == [(1, "admin", "số sai")]
