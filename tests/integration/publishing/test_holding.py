"""Holding a load: it counts no more until it is released, and what it had replaced counts again."""

from collections.abc import Callable

import pytest
from support.ledger_by_hand import Ledger
from support.outcomes import run
from support.resubmission import Resubmitted

from mangnon.cli.load import load as load_command
from mangnon.cli.release import release as release_command
from mangnon.ledger.batches import open_night
from mangnon.publishing import decisions, phases
from mangnon.publishing.decisions import NoSuchLoad
from mangnon.warehouse import Connection


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


@pytest.mark.usefixtures("no_gates")
def test_the_last_load_of_a_key_can_be_held(ledger: Ledger) -> None:
    load = ledger.deliver(1, "one")
    ledger.deliver(1, "other", reporter="194")
    ledger.night()
    assert decisions.hold(load, "Lan", "sai") == 2
    assert ledger.counting() == {("194", "events"): "other"}
    assert decisions.let_count(load, "Lan") == 3
    assert ledger.counting() == ledger.counting(1)
    assert ledger.states()[load] == "accepted"


@pytest.mark.usefixtures("no_gates")
def test_holding_the_wrong_one_of_a_tie_lets_the_other_count(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    this, that = ledger.deliver(2, "this"), ledger.deliver(2, "that")
    ledger.night()
    with pytest.raises(NoSuchLoad, match="another file claims the same revision"):
        decisions.let_count(this, "Lan")
    assert decisions.hold(that, "Lan", "tệp sai") == 2
    assert ledger.counting() == {("193", "events"): "this"}
    assert (ledger.states()[this], ledger.states()[that]) == ("accepted", "held")
    # Released, it is a rival again.
    assert decisions.let_count(that, "Lan") == 3
    assert ledger.counting() == {("193", "events"): "one"}
    assert ledger.states()[this] == ledger.states()[that] == "held"


@pytest.mark.usefixtures("no_gates")
def test_a_held_delivery_that_is_read_again_stays_held(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    load = ledger.deliver(2, "two")
    ledger.night()
    assert decisions.hold(load, "Lan", "sai") == 3
    again = read_again(ledger.connection, load)
    assert ledger.night() is None
    assert ledger.counting() == {("193", "events"): "one"}
    assert ledger.states()[again] == "held"
    # Whichever reading is named, the delivery is meant.
    assert decisions.let_count(load, "Lan") == 4
    assert ledger.counting() == {("193", "events"): "two by newer code"}


@pytest.mark.usefixtures("no_gates")
def test_the_same_content_of_another_load_replaces_a_held_one(ledger: Ledger) -> None:
    first = ledger.deliver(1, "one")
    ledger.night()
    second = ledger.deliver(2, "one")
    assert ledger.night() is None
    assert decisions.hold(first, "Lan", "tệp lạ") == 2
    assert ledger.connection.execute(
        "select load_id from ops.published_loads where until_release = 2147483647"
    ).fetchall() == [(second,)]


@pytest.mark.usefixtures("no_gates")
def test_a_hold_that_was_cut_off_is_completed_by_the_next_night(
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    load = ledger.deliver(2, "two")
    ledger.night()
    with monkeypatch.context() as patch:
        patch.setattr(phases, "publish_all", lambda: None)  # killed before it published
        decisions.hold(load, "Lan", "sai")
    assert ledger.counting() == {("193", "events"): "two"}
    ledger.deliver(1, "new", reporter="194")
    ledger.night()
    assert ledger.counting() == {("193", "events"): "one", ("194", "events"): "new"}
    assert phases.publish_all() is None


@pytest.mark.parametrize(
    ("state", "act", "message"),
    [
        ("refused", decisions.let_count, "was refused by a gate"),
        ("refused", lambda load, by: decisions.hold(load, by, "sai"), "is refused: it does not count"),
        ("loaded", lambda load, by: decisions.hold(load, by, "sai"), "is loaded: it does not count"),
    ],
)
def test_what_may_not_be_held_or_released(
    ledger: Ledger,
    state: str,
    act: Callable[[int, str], object],
    message: str,
) -> None:
    load = ledger.deliver(1, "one")
    ledger.connection.execute("update ops.loads set state = %s", [state])
    with pytest.raises(NoSuchLoad, match=message):
        act(load, "Lan")
    with pytest.raises(NoSuchLoad, match="there is no load 99"):
        act(99, "Lan")
    assert ledger.states() == {load: state}


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
    return row[0]
