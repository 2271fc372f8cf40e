"""The same deliveries, in whatever order and over however many nights they come, end in the same marts."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from support import databases
from support.marts import OF_ALL_RELEASES

from mangnon import warehouse
from mangnon.contract.code_lists import OFFICE, CodeLists
from mangnon.contract.template import write_template
from mangnon.deployment.inbox_mark import mark_inbox

LISTS = CodeLists.from_package()
JULY = date(2020, 7, 1)

# File → reporter, revision, and the numbers of events in its lines; no line withdraws.
DELIVERIES = {
    "corrected": ("193", 2, [7]),
    "corrected again": ("193", 3, [8, 1]),
    "one version": ("195", 2, [5]),
    "the other version": ("195", 2, [6]),
    "withdrawn": ("196", 2, []),
    "unchanged by 3": ("194", 2, [4]),
    "the same as 2": ("194", 3, [4]),
}
# A correction before what it corrects; the two versions in different nights, so that one is published and taken back.
OTHER_ORDER = (("corrected again", "the other version", "the same as 2"), (*reversed(DELIVERIES),))

# What was said each night: as many nights, as many rows.
OF_THE_NIGHTS = {"quality_by_rule"}

# What says where a row is kept, or when it came, and not what it says.
CIRCUMSTANCES = {
    "load_id", "line", "event_key", "beneficiary_key", "incident_key", "programme_site_key", "child_population_key",
    "release_id", "published_at", "received_at",
}  # fmt: skip


def test_any_grouping_into_nights_ends_in_the_same_marts(
    published_template: tuple[str, Path],
    published: object,
    tmp_path: Path,
    run_night: Callable[[], int | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = contents()
    send(tmp_path / "inbox", DELIVERIES)
    run_night()
    at_once = contents()
    assert {mart for mart in before if before[mart] != at_once[mart]} > {"fct_events", "annual_report"}

    _begin_again(published_template[0])
    monkeypatch.setenv("MANGNON_INBOX", str(tmp_path / "other inbox"))
    mark_inbox(is_sure=True)
    assert contents() == before
    for files in OTHER_ORDER:
        send(tmp_path / "other inbox", files)
        run_night()
        assert contents() != before
    ended = contents()
    assert {mart for mart in at_once if at_once[mart] != ended[mart]} <= OF_THE_NIGHTS


def send(inbox: Path, names: object) -> None:
    """Puts files of July 2020 into the office's place, named so that they are read in this order."""
    place = inbox / OFFICE
    place.mkdir(parents=True, exist_ok=True)
    for name in names:  # type: ignore[attr-defined]
        reporter, revision, counts = DELIVERIES[name]
        lines = [
            {"area": reporter, "event_type": "communication", "event_count": count, "attendances": 50 * count}
            for count in counts
        ]
        path = place / f"{len(list(place.iterdir())):02} {name}.xlsx"
        write_template(
            path, LISTS.reporters[reporter], JULY, LISTS, {"events": lines},
            revision=revision, reason=name, synthetic=True,
        )  # fmt: skip


def contents() -> dict[str, list[tuple]]:
    """The rows of every mart that BI sees, without their circumstances."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        columns = reader.execute(
            """
            select table_name, array_agg(column_name::text order by ordinal_position)
            from information_schema.columns
            where table_schema = 'marts' and table_name <> all(%s)
            group by table_name
            """,
            [list(OF_ALL_RELEASES)],
        ).fetchall()
        assert len(columns) > 15
        return {
            mart: _rows(reader, mart, [name for name in names if name not in CIRCUMSTANCES]) for mart, names in columns
        }


def _rows(reader: psycopg.Connection, mart: str, names: list[str]) -> list[tuple]:
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier("marts", mart)
    )
    return sorted(reader.execute(query).fetchall(), key=str)


def _begin_again(template: str) -> None:
    """Makes the test's database anew."""
    name = psycopg.conninfo.conninfo_to_dict(warehouse.url())["dbname"]
    databases.make(str(name), template)
