"""What dbt makes of loads, on a real PostgreSQL."""

from types import ModuleType

import psycopg
import pytest
from support.ledger_by_hand import Ledger, Sent

from mangnon.warehouse import dbt

FACTS_AND_DIMENSIONS = """
    select table_name from information_schema.tables
    where table_schema = 'core' and table_name !~ '^computed_' order by table_name
"""


def event(**values: object) -> dict[str, object]:
    """A line of the form events."""
    return {"attendances": 10} | values


def of_the_sample(count: int, period: str, revision: int = 1) -> Sent:
    """So many events of 193."""
    return Sent("events", [event(event_count=count)], "193", period, revision=revision, is_synthetic=True)


def contents(ledger: Ledger) -> dict[str, tuple[int, str]]:
    """How many rows each table of the core has, and a hash of them."""
    hashed = "select count(*), md5(string_agg(rows::text, '' order by rows::text)) from core.{} as rows"
    return {table: ledger.rows(hashed.format(table))[0] for (table,) in ledger.rows(FACTS_AND_DIMENSIONS)}


def test_unit_tests_of_models_pass(warehouse: ModuleType) -> None:
    dbt.dbt("test", "--select", "test_type:unit")


def test_modelling_again_leaves_the_same_rows_and_touches_no_accepted_load(ledger: Ledger) -> None:
    first, second = ledger.batch(), ledger.batch()
    code_lists = ledger.reference(first)
    ledger.receive(first, Sent("events", [event(), event(area="204")], "193", "2020-01-01"))
    ledger.model([first], code_lists)
    ledger.accept(first)
    ledger.receive(second, Sent("events", [event(area="204", event_date="2019-12-31")], "204", "2019-12-01"))
    injury = {"area": "194", "incident_class": "injury", "deaths": 1}
    ledger.receive(second, Sent("incidents", [injury], "194", "2020-01-01"))
    ledger.receive(second, Sent("child_population", [], "194", "2020-01-01"))

    ledger.model([second], code_lists)
    once = contents(ledger)
    # What an accepted load was read from no longer matters, even when its batch is named once more.
    ledger.connection.execute("update raw.events set attendances = 99 where area = '193'")
    ledger.model([first, second], code_lists)

    assert contents(ledger) == once
    assert once["fct_events"][0] == 3
    assert once["fct_incidents"][0] == 1
    # Hoành Bồ joined Hạ Long on 1 January 2020: an event there is nowhere from then on.
    areas = ledger.rows("""
        select areas.area_code, areas.valid_from::text from core.fct_events as events
        join core.dim_areas as areas using (area_version) order by events.load_id, events.line
    """)
    assert areas == [("193", "2020-01-01"), ("unknown", "1900-01-01"), ("204", "2015-01-01")]


def test_views_and_report_show_the_release_that_is_looked_at(ledger: Ledger) -> None:
    batch = ledger.batch()
    code_lists = ledger.reference(batch)
    before = ledger.receive(batch, of_the_sample(3, "2019-05-01"))
    old = ledger.receive(batch, of_the_sample(5, "2020-05-01"))
    new = ledger.receive(batch, of_the_sample(7, "2020-05-01", revision=2))
    ledger.model([batch], code_lists)
    ledger.release(1, before, old, *code_lists)
    ledger.release(2, before, new, *code_lists)

    def seen() -> list[object]:
        return [
            ledger.rows("select sum(event_count)::int from marts.fct_events")[0][0],
            *ledger.rows(
                "select value::int, previous_value::int, change::int, qualifier, is_synthetic, release_id "
                "from marts.annual_report where year = 2020 and figure = 'F01'"
            ),
            *ledger.rows("select load_id from marts.reporting_rates where is_counted and period = '2020-05-01'"),
            ledger.rows("select count(*) from marts.dim_sexes")[0][0],
            *ledger.rows("select release_id, last_period::text, is_synthetic from marts.about_release"),
        ]

    assert seen() == [10, (7, 3, 4, "eq", True, 2), (new,), 5, (2, "2020-05-01", True)]
    ledger.connection.execute("set mangnon.release = '1'")
    assert seen() == [8, (5, 3, 2, "eq", True, 1), (old,), 5, (1, "2020-05-01", True)]
    figures = ledger.rows("select count(*), count(distinct figure) from marts.annual_report")
    assert figures == [(66, 33)]


def test_keys_of_what_is_only_looked_at_hold(ledger: Ledger) -> None:
    """A night tests the tables that it writes; views, and steps written into tables, are tested here."""
    batch = ledger.batch()
    code_lists = ledger.reference(batch)
    events = Sent("events", [event(), event(area="194", qualifier="gte")], "193", "2020-05-01")
    sites = Sent("programme_sites", [{"area": "194", "site_count": 3}], "194", "2020-04-01")
    loads = [ledger.receive(batch, sent) for sent in (events, sites)]
    ledger.model([batch], code_lists)
    ledger.release(1, *loads, *code_lists)

    dbt.dbt(
        "test", "--select", "path:models/staging,test_type:data", "path:models/core/intermediate,test_type:data",
        asked={"batches": [batch], "candidate": [1]},
    )  # fmt: skip


def test_days_have_their_spans(ledger: Ledger) -> None:
    spans = ledger.rows("""
        select date_id::text, year, half_year, quarter, month, is_in_nine_months, period::text
        from core.dim_dates
        where date_id in ('2019-12-31', '2020-06-30', '2020-07-01', '2020-09-30', '2020-10-01')
        order by date_id
    """)

    assert spans == [
        ("2019-12-31", 2019, 2, 4, 12, False, "2019-12-01"),
        ("2020-06-30", 2020, 1, 2, 6, True, "2020-06-01"),
        ("2020-07-01", 2020, 2, 3, 7, True, "2020-07-01"),
        ("2020-09-30", 2020, 2, 3, 9, True, "2020-09-01"),
        ("2020-10-01", 2020, 2, 4, 10, False, "2020-10-01"),
    ]


def test_overlapping_versions_of_an_area_are_impossible(ledger: Ledger) -> None:
    statement = """
        insert into core.dim_areas (
            load_id, area_version, area_code, area_name, area_short_name, area_level, area_type, valid_from, is_current,
            area_sort_order
        )
        values (1, %s, '193', 'Thành phố Hạ Long', 'Hạ Long', 'district', 'city', %s, true, 1)
    """
    ledger.connection.execute(statement, ["193@2015-01-01", "2015-01-01"])
    with pytest.raises(psycopg.errors.ExclusionViolation):
        ledger.connection.execute(statement, ["193@2020-01-01", "2020-01-01"])


def test_deploy_replaces_only_views_that_changed(ledger: Ledger) -> None:
    deployed = "select view_name, deployed_at from ops.deployed_views order by view_name"
    before = ledger.rows(deployed)
    ledger.connection.execute("update ops.deployed_views set sql_hash = 'other' where view_name = 'marts.fct_events'")
    # A view whose columns changed cannot be replaced: it is dropped and made again.
    ledger.connection.execute("drop view marts.dim_sexes")
    ledger.connection.execute("create view marts.dim_sexes as select 1 as other_column")
    ledger.connection.execute("update ops.deployed_views set sql_hash = 'other' where view_name = 'marts.dim_sexes'")
    ledger.connection.execute("alter view marts.dim_sexes owner to transformer")
    ledger.connection.execute("grant select on marts.dim_sexes to teller")  # as a province might, for its own roles

    dbt.deploy(lock_timeout="2s")

    changed = {new[0] for new, old in zip(ledger.rows(deployed), before, strict=True) if new != old}
    assert changed == {"marts.fct_events", "marts.dim_sexes"}
    comments = ledger.rows("""
        select count(*), count(col_description(attrelid, attnum)) from pg_attribute
        where attrelid = 'marts.dim_sexes'::regclass and attnum > 0
    """)
    assert comments == [(4, 4)]
    for role in ("bi_reader", "teller"):
        assert ledger.rows(f"select has_table_privilege('{role}', 'marts.dim_sexes', 'select')") == [(True,)]
