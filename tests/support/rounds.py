"""Loads made by hand, with their rows in the core, so that a test can publish hundreds of times without dbt and gates.

All measures of a round, in two facts, are the number of the round. So a statement that returns two different numbers
saw a mixture of two releases.
"""

from datetime import date
from types import ModuleType
from typing import Any

import psycopg

from mangnon import warehouse
from mangnon.ledger.batches import close_night, closed_batches
from mangnon.publishing import phases
from mangnon.warehouse import Connection
from support.ledger_by_hand import Ledger

PERIOD = date(2021, 3, 1)
REPORTERS = ("193", "194")
ROWS_OF_A_LOAD = 20
MEASURES = {"events": ("fct_events", "event_count"), "incidents": ("fct_incidents", "cases")}

# For each reporter: the number of rows and the least and greatest measure in both facts.
READ = """
    with events as (
        select reporter_code, count(*) as lines, min(event_count) as least, max(event_count) as most
        from marts.fct_events
        where period = '2021-03-01'
        group by reporter_code
    ),

    incidents as (
        select reporter_code, count(*) as lines, min(cases) as least, max(cases) as most
        from marts.fct_incidents
        where period = '2021-03-01'
        group by reporter_code
    )

    select events.lines, events.least, events.most, incidents.lines, incidents.least, incidents.most
    from events
    full join incidents using (reporter_code)
"""


def deliver(connection: Connection, number: int) -> None:
    """Writes the modelled loads of a round into the open batch of the night: both forms of both reporters."""
    ledger = Ledger(connection)
    with connection.transaction():
        for reporter in REPORTERS:
            for form, (fact, measure) in MEASURES.items():
                load = ledger.deliver(number, str(number), reporter, form, PERIOD)
                _write_rows(connection, fact, measure, load, reporter, number)


def deliver_night(number: int) -> None:
    """Delivers the loads of a round, and closes the night's batch."""
    with warehouse.connect() as connection, connection.transaction():
        deliver(connection, number)
        close_night(connection)


def publish_what_waits() -> int | None:
    """Publishes as a night does, but without dbt and gates. Returns the release id, or None if nothing changed."""
    candidate = phases.build_candidate(phases.waiting_batches())
    if candidate is not None:
        phases.publish(candidate)
    return candidate


def whole_number(rows: list[tuple[Any, ...]]) -> int:
    """Asserts that the rows of READ all have one number, and returns it."""
    numbers = {number for row in rows for number in (row[1], row[2], row[4], row[5])}
    lines = {count for row in rows for count in (row[0], row[3])}
    assert len(rows) == len(REPORTERS), rows
    assert len(numbers) == 1, f"a mixture of two releases: {rows}"
    assert lines == {ROWS_OF_A_LOAD}, f"rows are missing or double: {rows}"
    return numbers.pop()


def seen(warehouse: ModuleType) -> int:
    """Returns the number of the round that BI sees."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        return whole_number(reader.execute(READ).fetchall())


# A load of a report counts in a release, or it is hidden in it.
NEITHER_OR_BOTH = """
    select loads.load_id
    from ops.loads
    left join (select load_id, range_agg(releases) as spans from ops.published_loads group by load_id) as counting
        using (load_id)
    left join (select load_id, range_agg(releases) as spans from ops.hidden_loads group by load_id) as hidden
        using (load_id)
    where loads.form is not null
        and loads.reporter_code <> '_reference'
        and (
            coalesce(counting.spans, '{}') && coalesce(hidden.spans, '{}')
            or coalesce(counting.spans, '{}') + coalesce(hidden.spans, '{}') <> '{[0,)}'
        )
"""


def assert_ledger_is_right(warehouse: ModuleType) -> None:
    """Asserts that no candidate and no closed batch is left, and that what counts agrees with the loads' states."""
    with warehouse.connect() as connection:
        assert closed_batches(connection) == []
        assert connection.execute("select count(*) from ops.releases where state = 'candidate'").fetchone() == (0,)
        wrong = connection.execute(
            """
            select load_id, loads.state, batches.state
            from ops.loads
            inner join ops.batches using (batch_id)
            left join ops.published_loads using (load_id)
            where (batches.state = 'published' and loads.state = 'modelled')
                or (published_loads.until_release = 2147483647 and loads.state <> 'accepted')
            """
        ).fetchall()
        assert wrong == []
        assert connection.execute(NEITHER_OR_BOTH).fetchall() == []


def _write_rows(connection: Connection, fact: str, measure: str, load: int, reporter: str, number: int) -> None:
    # The rows have no real date, area or kind, because only joins and measures matter here.
    needed = connection.execute(
        """
        select string_agg(
            quote_ident(attname) || case atttypid
                when 'boolean'::regtype then ', false'
                when 'text'::regtype then ', ''eq'''
                when 'date'::regtype then ', ''2021-03-01'''
                else ', 0'
            end, ';' order by attnum
        )
        from pg_attribute
        where attrelid = format('core.%%I', %s::text)::regclass and attnum > 0 and not attisdropped
        """,
        [fact],
    ).fetchone()
    assert needed is not None
    values = dict(column.split(", ") for column in needed[0].split(";"))
    values |= {"load_id": str(load), "line": "line", measure: str(number)}
    values["reporter_code"] = f"'{reporter}'"
    connection.execute(
        f"""
        insert into core.{fact} ({", ".join(values)})
        select {", ".join(values.values())} from generate_series(1, {ROWS_OF_A_LOAD}) as line
        """.encode()
    )
