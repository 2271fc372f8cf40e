"""The words of the ledger in the database: which reading of a delivery is current, and which one may count."""

from datetime import date

from support.ledger_by_hand import Ledger

from mangnon.watching import status

MARCH, APRIL = date(2020, 3, 1), date(2020, 4, 1)
REFUSED_AND_HELD = "Refused and held, newest first"


def read_again(ledger: Ledger, load: int, form: str | None, state: str, period: date = MARCH) -> int:
    """A later reading of the load's delivery, in the open batch."""
    ledger.run("insert into ops.batches (kind) values ('night') on conflict do nothing")
    ((again,),) = ledger.rows(
        """
        insert into ops.loads (
            delivery_id, batch_id, reporter_code, form, period, revision, fingerprint,
            state, state_reason, content_hash, rows_in, rows_loaded, rows_refused
        )
        select
            delivery_id, (select batch_id from ops.batches where state = 'open'), reporter_code, %s, %s, revision,
            'newer', %s, 'một lý do', content_hash, 0, 0, 0
        from ops.loads where load_id = %s
        returning load_id
        """,
        *(form, period, state, load),
    )
    return int(again)


def current(ledger: Ledger) -> list[int]:
    return [load for (load,) in ledger.rows("select load_id from ops.current_readings order by load_id")]


def shown_as_refused(ledger: Ledger) -> list[str]:
    return [row["form"] for row in status.tables(ledger.connection, None)[REFUSED_AND_HELD]]


def test_a_file_that_was_refused_whole_and_read_later_is_refused_no_more(ledger: Ledger) -> None:
    whole = read_again(ledger, ledger.deliver(1, "one"), None, "refused")
    assert current(ledger) == [whole]
    assert shown_as_refused(ledger) == [""]
    readings = [read_again(ledger, whole, form, "accepted") for form in ("events", "incidents")]
    assert current(ledger) == readings
    assert shown_as_refused(ledger) == []


def test_a_reading_that_refuses_the_whole_file_speaks_of_every_form(ledger: Ledger) -> None:
    load = ledger.deliver(1, "one")
    read_again(ledger, load, "incidents", "refused")
    assert shown_as_refused(ledger) == ["incidents"]
    whole = read_again(ledger, load, None, "refused")
    assert current(ledger) == [whole]
    assert shown_as_refused(ledger) == [""]


def test_a_refused_reading_is_current_but_the_one_before_counts(ledger: Ledger) -> None:
    load = ledger.deliver(1, "one")
    ledger.night()
    again = read_again(ledger, load, "events", "refused")
    assert current(ledger) == [again]
    assert ledger.rows("select load_id from ops.eligible_readings") == [(load,)]
    assert ledger.night() is None
    assert ledger.counting() == {("193", "events"): "one"}


def test_a_delivery_that_a_newer_reading_puts_into_another_month_counts_in_that_alone(ledger: Ledger) -> None:
    load = ledger.deliver(2, "two")
    ledger.night()
    read_again(ledger, load, "events", "modelled", APRIL)
    ledger.deliver(1, "one")  # for March, of which the newer reading does not speak any more
    ledger.night()
    counting = ledger.rows(
        "select loads.period, content_hash from ops.visible_loads inner join ops.loads using (load_id) order by period"
    )
    assert counting == [(MARCH, "one"), (APRIL, "two")]
