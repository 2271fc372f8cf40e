"""Publishing that is killed or cut off anywhere: the visible release is whole, and a rerun completes the work."""

import itertools
from types import ModuleType
from typing import Any

import pytest
from support.processes import Barrier, Break, Event, Process, Queue, break_at, cut, kill_me, wait_until_gone
from support.rounds import assert_ledger_is_right, deliver_night, publish_what_waits, seen


def cut_my_connections() -> None:
    cut("mangnon publisher")


@pytest.mark.parametrize("how", [kill_me, cut_my_connections])
@pytest.mark.usefixtures("without_dbt")
def test_publisher_broken_between_any_two_statements(warehouse: ModuleType, how: Break) -> None:
    deliver_night(1)
    publish_what_waits()
    for statement in itertools.count(1):
        number = statement + 1
        deliver_night(number)
        broken = Event()
        publisher = Process(target=break_at, args=(statement, how, broken, publish_what_waits))
        publisher.start()
        publisher.join()
        wait_until_gone(warehouse, "mangnon publisher")
        assert seen(warehouse) in (number - 1, number)

        publish_what_waits()
        assert seen(warehouse) == number
        assert_ledger_is_right(warehouse)
        if not broken.is_set():
            break
    print(f"\n{statement - 1} places, each followed by a rerun")
    assert statement > 30


@pytest.mark.usefixtures("without_dbt")
def test_two_publishers_at_once(warehouse: ModuleType) -> None:
    rounds, publishers = 8, 2
    barrier, outcomes = Barrier(publishers), Queue()
    deliver_night(1)
    publish_what_waits()
    said = []
    for number in range(2, 2 + rounds):
        deliver_night(number)
        processes = [Process(target=_race, args=(barrier, outcomes)) for _ in range(publishers)]
        for process in processes:
            process.start()
        said += [outcomes.get(timeout=60) for _ in processes]
        for process in processes:
            process.join()
        publish_what_waits()
        assert seen(warehouse) == number
        assert_ledger_is_right(warehouse)
    assert set(said) <= {"done", "PublishingElsewhere", "CandidateGone"}
    assert "PublishingElsewhere" in said
    with warehouse.connect() as connection:
        published = connection.execute("select count(*) from ops.releases where state = 'published'").fetchone()
    assert published == (1 + rounds,), "something was published twice"


def _race(barrier: Any, outcomes: Any) -> None:
    barrier.wait()
    try:
        publish_what_waits()
        outcomes.put("done")
    except Exception as error:
        outcomes.put(type(error).__name__)
