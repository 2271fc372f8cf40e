"""Which loads count: by revision and content, in whatever order they come; and what a release shows, for ever."""

from types import ModuleType

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.ledger_by_hand import MARCH, Ledger

from mangnon.ledger import candidates
from mangnon.ledger.batches import closed_batches


def test_a_candidate_is_not_seen_before_it_is_published(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    assert ledger.night() == 1
    ledger.deliver(2, "two")
    candidate = ledger.candidate()
    assert ledger.counting() == {("193", "events"): "one"}
    assert ledger.counting(candidate) == {("193", "events"): "two"}
    assert candidate is not None
    candidates.publish(ledger.connection, candidate)
    assert ledger.counting() == {("193", "events"): "two"}
    assert ledger.counting(1) == {("193", "events"): "one"}


def test_the_highest_revision_counts_and_a_late_lower_one_changes_nothing(ledger: Ledger) -> None:
    ledger.deliver(3, "three")
    ledger.night()
    ledger.deliver(2, "two")
    assert ledger.night() is None
    assert ledger.counting() == {("193", "events"): "three"}


def test_forms_are_independent(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.deliver(1, "incidents", form="incidents")
    ledger.night()
    ledger.deliver(2, "two")
    ledger.night()
    assert ledger.counting() == {("193", "events"): "two", ("193", "incidents"): "incidents"}


def test_two_contents_of_one_revision_are_both_held(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    first, second = ledger.deliver(2, "this"), ledger.deliver(2, "that")
    assert ledger.night() is None
    assert ledger.counting() == {("193", "events"): "one"}
    assert ledger.states()[first] == ledger.states()[second] == "held"
    ledger.deliver(3, "that")
    ledger.night()
    assert ledger.counting() == {("193", "events"): "that"}


def test_a_rival_of_a_published_load_takes_it_back(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.deliver(2, "this")
    assert ledger.night() == 1
    ledger.deliver(2, "that")
    assert ledger.night() == 2
    assert ledger.counting() == {("193", "events"): "one"}
    assert ledger.counting(1) == {("193", "events"): "this"}


def test_unchanged_content_makes_no_release(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    again = ledger.deliver(2, "one")
    assert ledger.night() is None
    assert ledger.states()[again] == "same"
    assert closed_batches(ledger.connection) == []


def test_refusing_puts_every_range_back_and_keeps_the_batch(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    before = ledger.connection.execute("select * from ops.published_loads").fetchall()
    ledger.deliver(2, "two")
    ledger.deliver(1, "new", reporter="194")
    candidate = ledger.candidate()
    assert candidate is not None
    candidates.refuse(ledger.connection, candidate, "critical", "a test")
    assert ledger.connection.execute("select * from ops.published_loads").fetchall() == before
    assert len(closed_batches(ledger.connection)) == 1
    assert ledger.night() == candidate + 1
    assert ledger.counting() == {("193", "events"): "two", ("194", "events"): "new"}


def test_the_next_publisher_replaces_an_open_candidate_and_takes_its_loads_along(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    left_open = ledger.candidate()
    assert left_open is not None
    ledger.deliver(1, "other", reporter="194")
    assert ledger.night() == left_open + 1
    assert ledger.counting() == {("193", "events"): "one", ("194", "events"): "other"}
    with pytest.raises(candidates.CandidateGone, match="replaced"):
        candidates.publish(ledger.connection, left_open)


def test_the_database_refuses_to_count_twice(ledger: Ledger) -> None:
    ledger.deliver(1, "one")
    second = ledger.deliver(2, "two")
    ledger.night()
    row = """
        insert into ops.published_loads (reporter_code, form, period, load_id, releases)
        values (%s, 'events', %s, %s, '[1,)')
    """
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        ledger.connection.execute(row, ["194", MARCH, second])
    with pytest.raises(psycopg.errors.ExclusionViolation):
        ledger.connection.execute(row, ["193", MARCH, second])


def test_looking_back(ledger: Ledger, warehouse: ModuleType) -> None:
    ledger.deliver(1, "one")
    ledger.night()
    ledger.connection.execute("update ops.releases set published_at = '2021-01-15 16:30+00'")  # 23:30 in Viet Nam
    ledger.deliver(2, "two")
    ledger.night()
    ledger.deliver(3, "three")
    candidate = ledger.candidate()
    with psycopg.connect(warehouse.reader_url(), autocommit=True) as reader:
        for setting, message in {
            f"mangnon.release = '{candidate}'": "no published release 3",
            "mangnon.release = '99'": "no published release 99",
            "mangnon.release = 'last'": "must be the number",
            "mangnon.as_of = '2021-01-14'": "nothing was published on or before 2021-01-14",
            "mangnon.as_of = 'yesterday'": "must be a day",
        }.items():
            reader.execute("reset all")
            reader.execute(f"set {setting}")
            with pytest.raises(psycopg.errors.InvalidParameterValue, match=message):
                reader.execute("select * from marts.about_release")
    for setting, release in {"release": "1", "as_of": "2021-01-15"}.items():
        ledger.connection.execute("select set_config(%s, %s, false)", [f"mangnon.{setting}", release])
        assert ledger.counting() == {("193", "events"): "one"}
        ledger.connection.execute(f"reset mangnon.{setting}")
    ledger.connection.execute("update ops.releases set pruned_at = now() where release_id = 1")
    ledger.connection.execute("set mangnon.release = '1'")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="release 1 was pruned"):
        ledger.counting()


DELIVERIES = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from("abc"), st.sampled_from(["193", "194"])), min_size=1, max_size=6
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DELIVERIES, st.data())
def test_any_order_and_any_grouping_into_nights_ends_alike(
    ledger: Ledger, deliveries: list[tuple[int, str, str]], data: st.DataObject
) -> None:
    def outcome(ordered: list[tuple[int, str, str]], nights: list[bool]) -> dict[tuple[str, str], str]:
        ledger.connection.execute("truncate ops.deliveries, ops.batches, ops.releases cascade")
        for (revision, content, reporter), ends_night in zip(ordered, nights, strict=True):
            ledger.deliver(revision, content, reporter)
            if ends_night:
                ledger.night()
        ledger.night()
        return ledger.counting()

    all_in_one = outcome(deliveries, [False] * len(deliveries))
    shuffled = data.draw(st.permutations(deliveries))
    nights = data.draw(st.lists(st.booleans(), min_size=len(deliveries), max_size=len(deliveries)))
    assert outcome(shuffled, nights) == all_in_one
