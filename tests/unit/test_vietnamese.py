"""How numbers, days, moments and lists are written for people."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from mangnon import vietnamese

LATE = datetime(2020, 3, 5, 18, 30, tzinfo=UTC)  # on the next day in Viet Nam


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (49980, "49.980"),
        (17_316_469_000, "17.316.469.000"),
        (-1000, "-1.000"),
        (0, "0"),
        (Decimal("99.500000"), "99,5"),
        (Decimal("1234.56789"), "1.234,56789"),
        (48.0, "48"),
        (4.989, "4,989"),
        (None, "chưa có số liệu"),
    ],
)
def test_numbers(value: Decimal | float | None, written: str) -> None:
    assert vietnamese.number(value) == written


@pytest.mark.parametrize(
    ("qualifier", "written"),
    [("eq", "1.000 lượt"), (None, "1.000 lượt"), ("gte", "trên 1.000 lượt"), ("approx", "khoảng 1.000 lượt")],
)
def test_amounts(qualifier: str | None, written: str) -> None:
    assert vietnamese.amount(1000, "lượt", qualifier) == written
    assert vietnamese.amount(None, "lượt", qualifier) == "chưa có số liệu"


@pytest.mark.parametrize("day", [date(2020, 3, 5), "2020-03-05"])
def test_days_and_months(day: date | str) -> None:
    assert vietnamese.day(day) == "05/03/2020"
    assert vietnamese.month(day) == "03/2020"
    assert vietnamese.cover_month(day) == "2020-03"


def test_moments_are_those_of_viet_nam() -> None:
    assert vietnamese.moment(LATE) == "01:30 ngày 06/03/2020"
    assert vietnamese.short_day(LATE) == "06/03"
    assert vietnamese.iso_moment(LATE) == "2020-03-06 01:30"


@pytest.mark.parametrize(
    ("items", "last", "written"),
    [
        ([], "", ""),
        (["a"], "hoặc", "a"),
        (["a", "b", "c"], "", "a, b, c"),
        (["a", "b"], "hoặc", "a hoặc b"),
        ([1, 2, 3], "và", "1, 2 và 3"),
    ],
)
def test_lists(items: list[object], last: str, written: str) -> None:
    assert vietnamese.listed(items, last) == written


def test_lists_of_what_has_commas() -> None:
    assert vietnamese.listed(["a, b", "c"], between="; ") == "a, b; c"
