"""Periods: months roll up to the cuts that reports use; what is missing is said."""

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
SNAPSHOTS = ("programme_sites", "child_population")

Value = Decimal | None


def figures(warehouse: ModuleType, query: str, *values: object) -> list[tuple]:
    """Rows of marts.periodic_figures as BI sees them; `rows` of the query are the figures with their definitions."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        return reader.execute(
            f"""
            with rows as (
                select * from marts.periodic_figures
                inner join marts.dim_figures using (figure)
            )
            {query}
            """,
            values,
        ).fetchall()


def cut(warehouse: ModuleType, figure: str, cut: str, year: int = 2020) -> dict[int, Value]:
    """The values of a figure by the number of the cut."""
    return dict(
        figures(
            warehouse,
            "select cut_number, value from rows where figure = %s and cut = %s and year = %s",
            figure, cut, year,
        )
    )  # fmt: skip


@pytest.mark.parametrize(("parts", "whole"), [("month", "quarter"), ("quarter", "half_year"), ("half_year", "year")])
def test_flows_add_up(published: ModuleType, parts: str, whole: str) -> None:
    wrong = figures(
        published,
        """
        select wholes.figure, wholes.year, wholes.cut_number, wholes.value, sum(parts.value)
        from rows as wholes
        inner join rows as parts
            on wholes.figure = parts.figure and parts.from_period between wholes.from_period and wholes.to_period
        where wholes.aggregation = 'sum' and wholes.form <> all(%s) and parts.cut = %s and wholes.cut = %s
        group by wholes.figure, wholes.year, wholes.cut_number, wholes.value
        having wholes.value is distinct from sum(parts.value)
        """,
        list(SNAPSHOTS), parts, whole,
    )  # fmt: skip
    assert wrong == []


def test_cumulative_figures_never_fall_within_a_year(published: ModuleType) -> None:
    rows = figures(
        published,
        """
        select figure, value >= coalesce(lag(value) over (partition by figure, year order by cut_number), 0)
        from rows
        where cut = 'year_to_date' and aggregation in ('sum', 'count_distinct') and form <> all(%s)
        """,
        list(SNAPSHOTS),
    )
    assert len({figure for figure, _ in rows}) == 23
    assert {rises for _, rises in rows} <= {True, None}
    # Also not over a month in which nothing was done: the sum of nothing more is what was there.
    holes = figures(
        published,
        """
        select figure, year, cut_number from rows as gaps
        where cut = 'year_to_date' and value is null and form <> all(%s) and aggregation <> 'change' and exists (
            select from rows as earlier
            where earlier.figure = gaps.figure and earlier.year = gaps.year and earlier.cut = 'year_to_date'
                and earlier.cut_number < gaps.cut_number and earlier.value is not null
        )
        """,
        list(SNAPSHOTS),
    )
    assert holes == []


def test_a_year_is_nine_months_and_a_quarter(published: ModuleType) -> None:
    nine_months = cut(published, "F01", "nine_months")[1]
    year = cut(published, "F01", "year")[1]
    assert nine_months is not None
    assert year == 232
    assert nine_months < year
    assert year == nine_months + (cut(published, "F01", "quarter")[4] or 0)
    assert nine_months == cut(published, "F01", "year_to_date")[9] == sum(
        value or 0 for month, value in cut(published, "F01", "month").items() if month <= 9
    )  # fmt: skip
    assert cut(published, "F01", "half_year")[1] == cut(published, "F01", "year_to_date")[6]


def test_snapshots_take_the_last_value(published: ModuleType) -> None:
    months = cut(published, "F22", "month")
    assert cut(published, "F22", "year") == {1: 198}
    assert cut(published, "F22", "quarter") == {quarter: months[3 * quarter] for quarter in range(1, 5)}
    assert cut(published, "F22", "nine_months") == {1: months[9]}
    assert cut(published, "F28", "year") == {1: 100}


def test_members_are_counted_once_in_everycut(published: ModuleType) -> None:
    assert cut(published, "F11", "year") == {1: 2}
    assert max(cut(published, "F11", "month").values(), key=lambda value: value or 0) <= 2
    assert cut(published, "F23", "quarter") == dict.fromkeys(range(1, 5), 13)


def test_changes_compare_the_same_cut_of_the_year_before(published: ModuleType) -> None:
    for name in ("quarter", "half_year", "nine_months", "year"):
        before, now = cut(published, "F29", name, 2019), cut(published, "F29", name)
        expected = {
            number: value - before[number]
            for number, value in now.items()
            if value is not None and before[number] is not None
        }
        assert {number: value for number, value in cut(published, "F30", name).items() if value is not None} == expected
    assert cut(published, "F30", "year") == {1: -1}


def test_the_annual_report_is_the_cut_of_the_year(published: ModuleType) -> None:
    wrong = figures(
        published,
        """
        select rows.figure from rows
        full join marts.annual_report as report on rows.figure = report.figure and rows.year = report.year
        where coalesce(rows.cut, 'year') = 'year' and (
            rows.value is distinct from report.value
            or rows.qualifier is distinct from report.qualifier
            or rows.complete_reporters is distinct from report.complete_reporters
        )
        """,
    )
    assert wrong == []


def test_a_cut_with_a_missing_month_says_so(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    def missing(figure: str, name: str, year: int) -> dict[int, tuple[bool, str | None, int, int]]:
        rows = figures(
            published,
            """
            select cut_number, is_complete, missing_months, complete_reporters, expected_reporters from rows
            where figure = %s and cut = %s and year = %s
            """,
            figure, name, year,
        )  # fmt: skip
        return {number: tuple(rest) for number, *rest in rows}

    assert missing("F31", "quarter", 2020) == dict.fromkeys(range(1, 5), (True, None, 13, 13))

    # 2021 begins: all districts but one report January, and one reports February.
    inbox = tmp_path / "inbox"
    districts = [reporter for reporter in LISTS.reporters.values() if reporter.kind == "district"]
    for reporter in districts:
        for month in (1, 2):
            period = date(2021, month, 1)
            if reporter.is_valid_in(period) and (reporter.code == "193" if month == 2 else reporter.code != "207"):
                line = {"area": reporter.area, "incident_class": "abuse", "cases": 1, "victims": 1}
                path = inbox / f"{reporter.code}-{month}.xlsx"
                write_template(path, reporter, period, LISTS, {"incidents": [line]}, synthetic=True)
    assert run_night() == 2

    assert missing("F31", "month", 2021) == {
        1: (False, "2021-01", 12, 13),
        2: (False, "2021-02", 1, 13),
    }
    # March has not come yet, which makes the quarter no less incomplete.
    assert missing("F31", "quarter", 2021) == {1: (False, "2021-01 2021-02 2021-03", 1, 13)}
    assert list(missing("F31", "year_to_date", 2021)) == [1, 2]
    assert cut(published, "F31", "quarter", 2021) == {1: 13}
    assert cut(published, "F31", "year_to_date", 2021) == {1: 12, 2: 13}
    assert missing("F31", "quarter", 2020) == dict.fromkeys(range(1, 5), (True, None, 13, 13))


def test_an_earlier_release_shows_what_it_showed(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    before = cut(published, "F01", "quarter")
    inbox = tmp_path / "inbox"
    period = date(2020, 7, 1)
    line = {"area": "193", "event_type": "communication", "event_count": 20, "attendances": 2000}
    write_template(
        inbox / "193.xlsx", LISTS.reporters["193"], period, LISTS, {"events": [line]}, 2, "bổ sung", synthetic=True
    )
    assert run_night() == 2

    after = cut(published, "F01", "quarter")
    assert {number for number in before if before[number] != after[number]} == {3}
    with published.connect("auditor", 1) as connection:
        first = connection.execute(
            """
            select cut_number, value from marts.periodic_figures
            where figure = 'F01' and cut = 'quarter' and year = 2020
            """
        ).fetchall()
    assert dict(first) == before
