"""Which loads count: by revision and content, in whatever order they come; and what a release shows, for ever."""

import hashlib
import itertools
from collections.abc import Iterator
from datetime import date
from types import ModuleType

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mangnon.ledger import candidates
from mangnon.ledger.batches import close_night, closed_batches, open_night
from mangnon.warehouse import Connection

MARCH = date(2020, 3, 1)
numbers = itertools.count()


@pytest.fixture
def publisher(warehouse: ModuleType) -> Iterator[Connection]:
    """A connection that may do everything, to an empty ledger."""
    with warehouse.connect() as connection:
        yield connection


def deliver(connection: Connection, revision: int, content: str, reporter: str = "193", form: str = "events") -> int:
    """A load of March 2020 as it is after modelling, in the open batch."""
    sha256 = hashlib.sha256(f"{next(numbers)}".encode()).hexdigest()
    row = connection.execute(
        "insert into ops.deliveries (sha256, file_name, size_bytes) values (%s, 'test', 0) returning delivery_id",
        [sha256],
    ).fetchone()
    assert row is not None
    load = connection.execute(
        """
        insert into ops.loads (
            delivery_id, batch_id, reporter_code, form, period, revision, fingerprint,
            state, content_hash, rows_in, rows_loaded, rows_refused
        ) values (%s, %s, %s, %s, %s, %s, 'now', 'modelled', %s, 0, 0, 0) returning load_id
        """,
        [row[0], open_night(connection), reporter, form, MARCH, revision, content],
    ).fetchone()
    assert load is not None
    connection.commit()
    return load[0]


def night(connection: Connection) -> int | None:
    """Publishes what was delivered; the release."""
    close_night(connection)
    release = candidates.build_candidate(connection, closed_batches(connection), "now")
    if release is not None:
        candidates.publish(connection, release)
    return release


def counting(connection: Connection, release: int | None = None) -> dict[tuple[str, str], str]:
    """The content that counts, by reporter and form, in a release (the visible one by default)."""
    rows = connection.execute(
        """
        select loads.reporter_code, loads.form, content_hash
        from ops.published_loads
        inner join ops.loads using (load_id)
        where from_release <= coalesce(%(release)s, ops.visible_release())
            and until_release > coalesce(%(release)s, ops.visible_release())
        """,
        {"release": release},
    ).fetchall()
    connection.commit()
    return {(reporter, form): content for reporter, form, content in rows}


def states(connection: Connection) -> dict[int, str]:
    """The state of each load."""
    return dict(connection.execute("select load_id, state from ops.loads").fetchall())


def test_a_candidate_is_not_seen_before_it_is_published(publisher: Connection) -> None:
    deliver(publisher, 1, "one")
    assert night(publisher) == 1
    deliver(publisher, 2, "two")
    close_night(publisher)
    candidate = candidates.build_candidate(publisher, closed_batches(publisher), "now")
    assert counting(publisher) == {("193", "events"): "one"}
    assert counting(publisher, candidate) == {("193", "events"): "two"}
    assert candidate is not None
    candidates.publish(publisher, candidate)
    assert counting(publisher) == {("193", "events"): "two"}
    assert counting(publisher, 1) == {("193", "events"): "one"}


def test_the_highest_revision_counts_and_a_late_lower_one_changes_nothing(publisher: Connection) -> None:
    deliver(publisher, 3, "three")
    night(publisher)
    deliver(publisher, 2, "two")
    assert night(publisher) is None
    assert counting(publisher) == {("193", "events"): "three"}


def test_forms_are_independent(publisher: Connection) -> None:
    deliver(publisher, 1, "one")
    deliver(publisher, 1, "incidents", form="incidents")
    night(publisher)
    deliver(publisher, 2, "two")
    night(publisher)
    assert counting(publisher) == {("193", "events"): "two", ("193", "incidents"): "incidents"}


def test_two_contents_of_one_revision_are_both_held(publisher: Connection) -> None:
    deliver(publisher, 1, "one")
    night(publisher)
    first, second = deliver(publisher, 2, "this"), deliver(publisher, 2, "that")
    assert night(publisher) is None
    assert counting(publisher) == {("193", "events"): "one"}
    assert states(publisher)[first] == states(publisher)[second] == "held"
    deliver(publisher, 3, "that")
    night(publisher)
    assert counting(publisher) == {("193", "events"): "that"}


def test_a_rival_of_a_published_load_takes_it_back(publisher: Connection) -> None:
    deliver(publisher, 1, "one")
    deliver(publisher, 2, "this")
    assert night(publisher) == 1
    deliver(publisher, 2, "that")
    assert night(publisher) == 2
    assert counting(publisher) == {("193", "events"): "one"}
    assert counting(publisher, 1) == {("193", "events"): "this"}


def test_unchanged_content_makes_no_release(publisher: Connection) -> None:
    deliver(publisher, 1, "one")
    night(publisher)
    again = deliver(publisher, 2, "one")
    assert night(publisher) is None
    assert states(publisher)[again] == "same"
    assert closed_batches(publisher) == []


def test_refusing_puts_every_range_back_and_keeps_the_batch(publisher: Connection) -> None:
    deliver(publisher, 1, "one")
    night(publisher)
    before = publisher.execute("select * from ops.published_loads").fetchall()
    deliver(publisher, 2, "two")
    deliver(publisher, 1, "new", reporter="194")
    close_night(publisher)
    candidate = candidates.build_candidate(publisher, closed_batches(publisher), "now")
    assert candidate is not None
    candidates.refuse(publisher, candidate, "critical", "a test")
    assert publisher.execute("select * from ops.published_loads").fetchall() == before
    assert len(closed_batches(publisher)) == 1
    assert night(publisher) == candidate + 1
    assert counting(publisher) == {("193", "events"): "two", ("194", "events"): "new"}


def test_the_next_publisher_replaces_an_open_candidate_and_takes_its_loads_along(publisher: Connection) -> None:
    deliver(publisher, 1, "one")
    close_night(publisher)
    left_open = candidates.build_candidate(publisher, closed_batches(publisher), "now")
    assert left_open is not None
    deliver(publisher, 1, "other", reporter="194")
    assert night(publisher) == left_open + 1
    assert counting(publisher) == {("193", "events"): "one", ("194", "events"): "other"}
    with pytest.raises(candidates.CandidateGone, match="replaced"):
        candidates.publish(publisher, left_open)


def test_the_database_refuses_to_count_twice(publisher: Connection) -> None:
    deliver(publisher, 1, "one")
    second = deliver(publisher, 2, "two")
    night(publisher)
    row = """
        insert into ops.published_loads (reporter_code, form, period, load_id, releases)
        values (%s, 'events', %s, %s, '[1,)')
    """
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        publisher.execute(row, ["194", MARCH, second])
    publisher.rollback()
    with pytest.raises(psycopg.errors.ExclusionViolation):
        publisher.execute(row, ["193", MARCH, second])
    publisher.rollback()


def test_looking_back(publisher: Connection, warehouse: ModuleType) -> None:
    deliver(publisher, 1, "one")
    night(publisher)
    publisher.execute("update ops.releases set published_at = '2021-01-15 16:30+00'")  # 23:30 in Viet Nam
    deliver(publisher, 2, "two")
    night(publisher)
    deliver(publisher, 3, "three")
    close_night(publisher)
    candidate = candidates.build_candidate(publisher, closed_batches(publisher), "now")
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
        publisher.execute("select set_config(%s, %s, false)", [f"mangnon.{setting}", release])
        assert counting(publisher) == {("193", "events"): "one"}
        publisher.execute(f"reset mangnon.{setting}")
    publisher.execute("update ops.releases set pruned_at = now() where release_id = 1")
    publisher.execute("set mangnon.release = '1'")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="release 1 was pruned"):
        counting(publisher)
    publisher.rollback()


DELIVERIES = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from("abc"), st.sampled_from(["193", "194"])), min_size=1, max_size=6
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DELIVERIES, st.data())
def test_any_order_and_any_grouping_into_nights_ends_alike(
    publisher: Connection, deliveries: list[tuple[int, str, str]], data: st.DataObject
) -> None:
    def outcome(ordered: list[tuple[int, str, str]], nights: list[bool]) -> dict[tuple[str, str], str]:
        publisher.execute("truncate ops.deliveries, ops.batches, ops.releases cascade")
        for (revision, content, reporter), ends_night in zip(ordered, nights, strict=True):
            deliver(publisher, revision, content, reporter)
            if ends_night:
                night(publisher)
        night(publisher)
        return counting(publisher)

    all_in_one = outcome(deliveries, [False] * len(deliveries))
    shuffled = data.draw(st.permutations(deliveries))
    nights = data.draw(st.lists(st.booleans(), min_size=len(deliveries), max_size=len(deliveries)))
    assert outcome(shuffled, nights) == all_in_one
