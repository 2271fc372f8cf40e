"""Borders: every mart as it was reported, and in the borders of a chosen date; communes report from 2025-07."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template

LISTS = CodeLists.from_package()
AUGUST = date(2025, 8, 1)
UNKNOWN = "unknown"

# Injury deaths of a year by area, in the borders of a day: what is known, what is withheld, whether it is the whole.
IN_BORDERS = """
    select
        in_areas.area_code,
        sum(facts.deaths * borders.weight),
        sum(facts.deaths) filter (where borders.weight is null),
        bool_and(borders.is_whole)
    from marts.fct_incidents as facts
    inner join marts.areas_in_borders(%(day)s) as borders using (area_version)
    inner join marts.dim_areas as in_areas on borders.in_area_version = in_areas.area_version
    where facts.incident_class = 'injury'
        and not facts.is_subset
        and extract(year from facts.period) = %(year)s
    group by in_areas.area_code
"""
AS_REPORTED = """
    select dim_areas.area_code, sum(facts.deaths)
    from marts.fct_incidents as facts
    inner join marts.dim_areas using (area_version)
    where facts.incident_class = 'injury' and not facts.is_subset and extract(year from facts.period) = %s
    group by dim_areas.area_code
"""

Known = dict[str, Decimal | None]


def in_borders(warehouse: ModuleType, year: int, borders_on: str) -> tuple[Known, Decimal | None, set[str]]:
    """What BI sees of a year in the borders of a day: the sums that are known, what is withheld, what is whole."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        rows = reader.execute(IN_BORDERS, {"year": year, "day": borders_on}).fetchall()
    known = {code: value for code, value, _, _ in rows if code != UNKNOWN}
    withheld = sum((value for _, _, value, _ in rows if value is not None), Decimal(0))
    return known, withheld, {code for code, *_, is_whole in rows if is_whole}


def as_reported(warehouse: ModuleType, year: int) -> dict[str, Decimal]:
    """The deaths of a year by the area that was reported."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        return dict(reader.execute(AS_REPORTED, [year]).fetchall())


def incident(area: str, deaths: int) -> dict[str, object]:
    """A line of injuries."""
    return {"area": area, "incident_class": "injury", "victims": deaths, "deaths": deaths}


def send(inbox: Path, reporter: str, period: date, *lines: dict[str, object]) -> None:
    """Puts a workbook of incidents into the reporter's place, made from the template of reporter and month."""
    place = inbox / reporter
    place.mkdir(parents=True, exist_ok=True)
    write_template(place / "a.xlsx", LISTS.reporters[reporter], period, LISTS, {"incidents": lines}, synthetic=True)


def test_what_hoanh_bo_reported_counts_in_ha_long_in_the_borders_of_2020(published: ModuleType) -> None:
    reported = as_reported(published, 2019)
    known, withheld, whole = in_borders(published, 2019, "2020-01-01")

    assert len(reported) == 14
    assert known == {
        code: deaths + (reported["204"] if code == "193" else 0) for code, deaths in reported.items() if code != "204"
    }
    assert sum(reported.values()) == sum(known.values()) == 29
    assert withheld == 0
    assert whole == set(known)


@pytest.mark.parametrize("borders_on", ["2015-01-01", "2020-01-01", "2024-11-01", "2025-07-01"])
def test_nothing_is_lost_in_any_borders(published: ModuleType, borders_on: str) -> None:
    for year in (2019, 2020):
        known, withheld, _ = in_borders(published, year, borders_on)
        assert sum(known.values()) + withheld == sum(as_reported(published, year).values())
    with published.connect("auditor") as connection:
        once = connection.execute(
            """
            select count(*), count(*) filter (where weights = 1 or withheld = 1) from (
                select area_version, sum(weight) as weights, count(*) filter (where weight is null) as withheld
                from marts.areas_in_borders(%s) group by area_version
            ) as shares
            """,
            [borders_on],
        ).fetchone()
        areas = connection.execute("select count(*) from marts.dim_areas").fetchone()
    assert once is not None
    assert areas is not None
    assert once == (areas[0], areas[0]), "every area counts once, or says that it is withheld"


@pytest.mark.parametrize(("year", "borders_on"), [(2019, "2015-01-01"), (2020, "2020-01-01")])
def test_own_borders_show_what_was_reported(published: ModuleType, year: int, borders_on: str) -> None:
    reported = as_reported(published, year)
    assert in_borders(published, year, borders_on) == (reported, 0, set(reported))


def test_what_cannot_be_told_is_withheld(published: ModuleType) -> None:
    reported = as_reported(published, 2020)
    # Nobody knows which part of Hạ Long's deaths of 2020 happened in what had been Hoành Bồ.
    known, withheld, _ = in_borders(published, 2020, "2015-01-01")
    assert withheld == reported["193"]
    assert known == {code: deaths for code, deaths in reported.items() if code != "193"}
    # Of thirteen districts two became one commune each; how the others' figures fall on communes nobody knows.
    known, withheld, whole = in_borders(published, 2020, "2025-07-01")
    assert known == {"06994": reported["203"], "07192": reported["207"]}
    assert whole == set(known)
    assert withheld == sum(reported.values()) - reported["203"] - reported["207"]


def test_communes_report_from_2025_07(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    inbox = tmp_path / "inbox"
    send(inbox, "06688", AUGUST, incident("06688", 5))
    send(inbox, "06994", AUGUST, incident("06994", 3))
    # Another list has another code for xã Ba Chẽ: the officer may use it.
    (inbox / "06970").mkdir()
    (inbox / "06970" / "bache.csv").write_text(
        "#reporter,06970\n#period,2025-08\n#form,incidents\n#revision,1\n#synthetic,true\n"
        "area,incident_class,abuse_type,injury_cause,sex,age_band,is_subset,cases,victims,deaths,handled_cases\n"
        "06978,injury,,,,,,,2,2,\n",
        encoding="utf-8",
    )
    assert run_night() == 2

    assert as_reported(published, 2025) == {"06688": 5, "06994": 3, "06970": 2}
    with psycopg.connect(published.reader_url()) as reader:
        names = reader.execute(
            """
            select distinct dim_areas.area_name, dim_areas.legal_act, dim_reporters.reporter_kind
            from marts.fct_incidents
            inner join marts.dim_areas using (area_version)
            inner join marts.dim_reporters using (reporter_code)
            where fct_incidents.period = %s
            """,
            [AUGUST],
        ).fetchall()
        expected = reader.execute(
            "select min(period) from marts.reporting_rates where reporter_code = '06970' and is_expected"
        ).fetchone()
        completeness = reader.execute(
            """
            select year, expected_reporters, complete_reporters from marts.annual_report
            where figure = 'F29' and year in (2019, 2020) order by year
            """
        ).fetchall()
    assert set(names) == {
        (name, "1679/NQ-UBTVQH15", "commune") for name in ("Phường Hạ Long", "Đặc khu Vân Đồn", "Xã Ba Chẽ")
    }
    assert expected == (date(2025, 7, 1),)
    assert completeness == [(2019, 14, 14), (2020, 13, 13)]

    # In the borders of the districts: two lay wholly in one, so their figures are known; xã Ba Chẽ has a part of Tiên
    # Yên, so its figures are withheld. Hạ Long shares two communes with Ba Chẽ, so its total is a lower bound.
    known, withheld, whole = in_borders(published, 2025, "2024-11-01")
    assert known == {"193": 5, "203": 3}
    assert withheld == 2
    assert whole == {"203"}
    # In the borders of 2015 what is known of Hạ Long is no longer: it was two.
    known, withheld, whole = in_borders(published, 2025, "2015-01-01")
    assert known == {"203": 3}
    assert withheld == 5 + 2


def test_a_district_reports_no_more_and_a_commune_not_before(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    for reporter, period in (("193", "2025-07"), ("06688", "2025-06")):
        place = tmp_path / "inbox" / reporter
        place.mkdir(parents=True)
        (place / "a.csv").write_text(
            f"#reporter,{reporter}\n#period,{period}\n#form,incidents\n#revision,1\n#synthetic,true\n"
            "area,incident_class,abuse_type,injury_cause,sex,age_band,is_subset,cases,victims,deaths,handled_cases\n"
            f"{reporter},injury,,,,,,,1,1,\n",
            encoding="utf-8",
        )
    assert run_night() is None
    with published.connect("auditor") as connection:
        rules = connection.execute(
            "select rule from raw.problems where severity = 'critical' order by load_id"
        ).fetchall()
    assert rules == [("reporter_not_valid",), ("reporter_not_valid",)]


def test_a_code_names_another_area_before_and_after(published: ModuleType) -> None:
    with psycopg.connect(published.reader_url()) as reader:
        versions = reader.execute(
            """
            select
                dim_areas.area_name, dim_areas.area_type, wholes.area_name, dim_areas.valid_from, dim_areas.other_codes
            from marts.dim_areas
            left join marts.dim_areas as wholes
                on dim_areas.parent_code = wholes.area_code
                and dim_areas.valid_from >= wholes.valid_from
                and (dim_areas.valid_from < wholes.valid_until or wholes.valid_until is null)
            where dim_areas.area_code = '06970'
            order by dim_areas.valid_from
            """
        ).fetchall()
        successors = reader.execute(
            """
            select count(*), count(*) filter (where method = 'estimated'), count(weight)
            from marts.bridge_area_successions as successions
            inner join marts.dim_areas as areas on successions.to_area_version = areas.area_version
            where areas.area_code = '06970'
            """
        ).fetchone()
    assert versions == [
        ("Thị trấn Ba Chẽ", "township", "Huyện Ba Chẽ", date(2024, 11, 1), None),
        ("Xã Ba Chẽ", "commune", "Tỉnh Quảng Ninh", date(2025, 7, 1), "06978"),
    ]
    # Four communes of Ba Chẽ as a whole and a part of Hải Lạng; the districts Ba Chẽ and Tiên Yên in part.
    assert successors == (7, 3, 4)
