"""One grammar of days: what is a day, what is named instead of being guessed."""

from datetime import date, datetime

import pytest

from mangnon.contract.forms import all_forms
from mangnon.reading.cells import Cells
from mangnon.reading.days import NoDay, day_of
from mangnon.reading.values import Contract, read_column

FIFTH = date(2021, 3, 5)
MARCH = Contract(all_forms()["events"].field("event_date"), first_day=date(2021, 3, 1), end_day=date(2021, 4, 1))


@pytest.mark.parametrize(
    ("text", "is_usual"),
    [
        ("05/03/2021", True), ("5-3-2021", True), ("5.3.2021", True), ("5 / 3 / 2021", False),
        ("05/03/2021 08:30", False), ("2021-03-05", False), ("2021/3/5", False), ("2021-03-05 00:00:00", False),
        ("2021-03-05T00:00:00", False), ("5-Mar-21", False), ("05-Mar-2021", False), ("5-thg 3-21", False),
        ("05-Thg3-2021", False), ("ngày 5 tháng 3 năm 2021", False),
    ],
)  # fmt: skip
def test_what_is_surely_a_day_is_read(text: str, is_usual: bool) -> None:
    day = day_of(text)
    assert (day.value, day.is_usual) == (FIFTH, is_usual)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("3/25/2021", "not_a_date.month_first"),
        ("2021-03-04T17:00:00.000Z", "not_a_date.zone"),
        ("2021-03-05T00:00:00+07:00", "not_a_date.zone"),
        ("2021-03-04 23:59:48", "not_a_date.midnight"),
        ("5-Mar", "not_a_date.no_year"),
        ("5/3", "not_a_date.no_year"),
        ("5/3/21", "ambiguous_date"),
        ("31/02/2021", "not_a_date.text"),
        ("13/31/2021", "not_a_date.text"),
        ("mùng 5", "not_a_date.text"),
    ],
)
def test_what_may_be_another_day_is_named(text: str, problem: str) -> None:
    with pytest.raises(NoDay) as error:
        day_of(text)
    assert error.value.problem_id == problem


@pytest.mark.parametrize("cell", ["3/5/2021", "03/05/2021", date(2021, 5, 3), "2021-05-03"])
def test_a_day_that_lies_in_the_month_only_if_swapped_is_refused_and_the_swap_is_named(cell: object) -> None:
    column = read_column(MARCH, Cells.of([cell]))
    assert column.values.to_pylist() == [None]
    assert column.bad[0].id == "date_outside_period.swapped"
    assert column.bad[0].values["swapped"] == FIFTH


def test_a_moment_just_before_midnight_is_no_day() -> None:
    """SheetJS writes such moments in zones whose offset changed."""
    column = read_column(MARCH, Cells.of([datetime(2021, 3, 4, 23, 59, 48), datetime(2021, 3, 5, 0, 0, 12)]))
    assert column.bad[0].id == "not_a_date.midnight"
    assert column.values.to_pylist() == [None, FIFTH]
