"""Figures below the province: they add up to the province's, say what is not known, and rates say how sure they are."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import psycopg

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.publishing import decisions

LISTS = CodeLists.from_package()
JULY = date(2020, 7, 1)
ADDITIVE = """
    select figure from marts.dim_figures
    where aggregation in ('sum', 'percent') or (aggregation = 'count_distinct' and distinct_of = 'area')
"""
# The sum over areas beside the province's figure, for every figure, year and cut, in both borders.
UNLIKE_THE_PROVINCE = f"""
    with sums as (
        select
            figure, year, cut, cut_number, borders, sum(value) as value,
            round(100 * sum(numerator) / nullif(sum(denominator), 0), 2) as percent,
            bool_or(qualifier = 'gte') as is_lower_bound, bool_or(qualifier = 'approx') as is_approximate
        from marts.area_figures
        group by figure, year, cut, cut_number, borders
    )
    select province.figure, province.year, province.cut, province.cut_number, borders.borders, province.value, sums.*
    from marts.periodic_figures as province
    inner join marts.dim_figures as figures on province.figure = figures.figure
    cross join (values ('period'), ('today')) as borders (borders)
    left join sums
        on province.figure = sums.figure and province.year = sums.year and province.cut = sums.cut
        and province.cut_number = sums.cut_number and borders.borders = sums.borders
    where province.figure in ({ADDITIVE}) and province.cut <> 'year_to_date'
        and (
            case figures.aggregation
                when 'percent' then province.value is distinct from sums.percent
                else coalesce(province.value, 0) <> coalesce(sums.value, 0)
            end
            or (province.value > 0) <> (sums.value > 0)
            or (province.value is not null and borders.borders = 'period' and province.qualifier <> case
                when sums.is_approximate then 'approx' when sums.is_lower_bound then 'gte' else 'eq'
            end)
        )
"""


def rows(warehouse: ModuleType, query: str, *values: object) -> list[tuple]:
    """What BI sees."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        return reader.execute(query, values).fetchall()


def by_area(warehouse: ModuleType, figure: str, year: int, borders: str) -> dict[str, Decimal | None]:
    """The values of a figure of a year by area code."""
    query = """
        select area_code, value from marts.area_figures
        where figure = %s and year = %s and cut = 'year' and borders = %s
    """
    return dict(rows(warehouse, query, figure, year, borders))


def send(inbox: Path, reporter: str, period: date, form: str, *lines: dict[str, object], revision: int = 1) -> None:
    """Puts a workbook with one form into the reporter's place."""
    place = inbox / reporter
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{form}-{period}-{revision}.xlsx"
    reason = "sửa số liệu" if revision > 1 else ""
    write_template(
        path, LISTS.reporters[reporter], period, LISTS, {form: lines},
        revision=revision, reason=reason, synthetic=True,
    )  # fmt: skip


def injury(area: str, deaths: int) -> dict[str, object]:
    """A line of injuries."""
    return {"area": area, "incident_class": "injury", "victims": deaths, "deaths": deaths}


def children(area: str, number: int) -> dict[str, object]:
    """A line with all children of an area."""
    return {"area": area, "special_circumstance": "all", "children": number}


def test_areas_add_up_to_the_province(published: ModuleType) -> None:
    shown = rows(published, "select distinct figure from marts.area_figures order by figure")
    assert shown == sorted(rows(published, ADDITIVE))
    assert len(shown) == 27
    assert rows(published, UNLIKE_THE_PROVINCE) == []
    # What was reported for the province as a whole is an area of its own beside the districts.
    assert rows(
        published,
        """
        select area_level, sum(value), count(*) from marts.area_figures
        where figure = 'F15' and year = 2020 and cut = 'year' and borders = 'period'
        group by area_level order by area_level
        """,
    ) == [("district", 0, 13), ("province", 1, 1)]
    assert by_area(published, "F23", 2020, "period") == dict.fromkeys(by_area(published, "F32", 2020, "period"), 1) | {
        "22": 0
    }


def test_victims_per_100000_children_of_a_district_are_those_of_its_lines(published: ModuleType) -> None:
    with published.connect("auditor") as connection:
        victims = connection.execute(
            """
            select sum(lines.victims) from raw.incidents as lines
            inner join ops.visible_loads as loads using (load_id)
            where lines.area = '193' and lines.incident_class = 'abuse' and not coalesce(lines.is_subset, false)
                and loads.period between '2020-01-01' and '2020-12-01'
            """
        ).fetchone()
        population = connection.execute(
            """
            select sum(lines.children) from raw.child_population as lines
            inner join ops.visible_loads as loads using (load_id)
            where lines.area = '193' and lines.special_circumstance = 'all' and not coalesce(lines.is_subset, false)
                and loads.period = '2020-12-01'
            """
        ).fetchone()
    assert (victims, population) == ((10,), (79394,))
    rates = """
        select
            numerator, denominator, rate, rate_low, rate_high, qualifier, is_complete, reporting_units, expected_units
        from marts.area_figures
        where figure = 'F32' and year = 2020 and cut = 'year' and borders = 'today' and area_code = %s
    """
    # Garwood's interval of 10 is 4.795 to 18.390; of nothing, 0 to 3.689.
    assert rows(published, rates, "193") == [
        (10, 79394, Decimal("12.60"), Decimal("6.04"), Decimal("23.16"), "eq", True, 1, 1)
    ]
    assert rows(published, rates, "207") == [(0, 1726, 0, 0, Decimal("213.72"), "eq", True, 1, 1)]
    rated = "select distinct figure from marts.area_figures where rate is not null order by figure"
    assert rows(published, rated) == [("F29",), ("F31",), ("F32",)]


def test_2019_in_the_borders_of_2020(published: ModuleType) -> None:
    reported = by_area(published, "F29", 2019, "period")
    assert len(reported) == 14
    merged = {code: value for code, value in reported.items() if code != "204"}
    merged["193"] = (reported["193"] or 0) + (reported["204"] or 0)
    assert by_area(published, "F29", 2019, "today") == merged
    assert by_area(published, "F29", 2020, "today") == by_area(published, "F29", 2020, "period")


def test_a_form_without_the_measure_leaves_it_open(published: ModuleType) -> None:
    """In 2019 abuse was reported as cases, without victims."""
    units = """
        select sum(reporting_units), sum(expected_units) from marts.area_figures
        where figure = %s and year = 2019 and cut = 'year' and borders = 'period'
    """
    assert rows(published, units, "F31") == [(14, 14)]
    assert rows(published, units, "F32") == [(0, 14)]
    assert set(by_area(published, "F32", 2019, "period").values()) == {None}
    assert sum(value or 0 for value in by_area(published, "F31", 2019, "period").values()) > 0


def test_what_cannot_be_told_in_the_borders_of_communes_is_withheld_and_not_lost(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    reported = by_area(published, "F29", 2020, "period")
    inbox, june, august = tmp_path / "inbox", date(2025, 6, 1), date(2025, 8, 1)
    for period, reporter, number in ((june, "203", 11000), (june, "193", 80000), (august, "06994", 10800)):
        send(inbox, reporter, period, "child_population", children(reporter, number))
    for period, reporter, deaths in ((june, "203", 1), (june, "193", 4), (august, "06994", 2)):
        send(inbox, reporter, period, "incidents", injury(reporter, deaths))
    assert run_night() == 2

    assert rows(published, UNLIKE_THE_PROVINCE) == []
    # Vân Đồn and Cô Tô became a special zone each; how the others' deaths fall on communes nobody knows.
    withheld = sum(value or 0 for value in reported.values()) - (reported["203"] or 0) - (reported["207"] or 0)
    known = {code: value for code, value in by_area(published, "F29", 2020, "today").items() if value is not None}
    assert known == {"06994": reported["203"], "07192": reported["207"], "unknown": withheld}
    seen = """
        select area_code, value, denominator, rate is null, is_whole, area_level from marts.area_figures
        where figure = 'F29' and year = 2025 and cut = 'year' and borders = %s and value is not null order by area_code
    """
    assert rows(published, seen, "period") == [
        ("06994", 2, None, True, True, "commune"),
        ("193", 4, None, True, True, "district"),
        ("203", 1, None, True, True, "district"),
    ]  # fmt: skip
    # The zone has the deaths of the whole year, and its children once: not those of the district before it, too.
    assert rows(published, seen, "today") == [
        ("06994", 3, 10800, False, True, "commune"), ("unknown", 4, None, True, False, "unknown"),
    ]  # fmt: skip


def test_releases_share_the_years_that_did_not_change(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    def sessions() -> Decimal | None:
        return by_area(published, "F01", 2020, "period")["193"]

    def shared() -> dict[int, tuple[int, ...]]:
        with published.connect("auditor") as connection:
            query = """
                select release_id, array_agg(computed_in order by year) from core.computed_area_figure_years
                group by release_id order by release_id
            """
            return {release_id: tuple(computed_in) for release_id, computed_in in connection.execute(query)}

    before = sessions()
    communication = {"event_type": "communication", "event_count": 20, "attendances": 2000}
    send(tmp_path / "inbox", "193", JULY, "events", {"area": "193"} | communication, revision=2)
    assert run_night() == 2
    after = sessions()
    assert shared() == {1: (1, 1), 2: (1, 2)}
    assert before != after
    assert rows(published, UNLIKE_THE_PROVINCE) == []
    assert rows(published, "select distinct release_id, year from marts.area_figures") == [(2, 2019), (2, 2020)]
    with published.connect("auditor", 1) as connection:
        seen = connection.execute(
            """
            select value from marts.area_figures
            where figure = 'F01' and year = 2020 and cut = 'year' and borders = 'period' and area_code = '193'
            """
        ).fetchall()
    assert seen == [(before,)]

    # A rollback shows what was computed then. Once no release shows what release 2 computed, the next one deletes it.
    assert decisions.roll_back(1, "Lan", "thử") == 3
    assert sessions() == before
    with published.connect() as connection:
        connection.execute("delete from core.computed_area_figure_years where release_id = 2")
    send(tmp_path / "inbox", "194", JULY, "events", {"area": "194"} | communication, revision=2)
    assert run_night() == 4
    assert shared() == {1: (1, 1), 3: (1, 1), 4: (1, 4)}
    with published.connect("auditor") as connection:
        kept = connection.execute("select distinct computed_in from core.computed_area_figures order by 1").fetchall()
    assert kept == [(1,), (4,)]
    assert sessions() == before
    assert rows(published, UNLIKE_THE_PROVINCE) == []
