"""One grammar of months: what is a month, what is none, and what is said about it."""

from datetime import date

import pytest

from mangnon.reading.months import NoMonth, is_longer_than_a_month, month_of, months_in

MARCH, MAY, DECEMBER = date(2021, 3, 1), date(2021, 5, 1), date(2021, 12, 1)


@pytest.mark.parametrize(
    "text", ["2021-03", "2021-3", "03/2021", "3-2021", "tháng 3/2021", "THÁNG 03/2021", "Tháng 3 năm 2021"]
)
def test_what_people_usually_write_is_no_inference(text: str) -> None:
    month = month_of(text)
    assert (month.first_day, month.is_usual) == (MARCH, True)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Mar-21", MARCH), ("mar-21", MARCH), ("Mar‑21", MARCH), ("thg 3-21", MARCH), ("Thg3-21", MARCH),
        ("Thg Ba-21", MARCH), ("Mar-2021", MARCH), ("March 2021", MARCH), ("May 2021", MAY), ("Dec-21", DECEMBER),
        ("2021/03", MARCH), ("2021.3", MARCH), ("03.2021", MARCH), ("T3/2021", MARCH), ("thg 3, 2021", MARCH),
        ("Tháng Ba 2021", MARCH), ("tháng ba năm 2021", MARCH), ("Tháng 3, năm 2021", MARCH),
        ("tháng năm năm 2021", MAY), ("tháng mười hai năm 2021", DECEMBER), ("tháng Chạp năm 2021", DECEMBER),
        ("2021-03-01", MARCH), ("2021-03-01 00:00:00", MARCH), ("2021-03-01T00:00:00", MARCH),
    ],
)  # fmt: skip
def test_what_programs_make_of_a_month_is_understood_and_noted(text: str, day: date) -> None:
    month = month_of(text)
    assert (month.first_day, month.is_usual) == (day, False)


@pytest.mark.parametrize(
    "text",
    [
        "03-21", "3/21", "21-03", "21-Mar", "Mar 21", "Mar", "tháng 3", "tháng ba", "3", "2021", "Tháng Năm 2021",
        "tháng … năm 2021", "01/03/2021", "3/1/2021", "2021-03-15", "Quý I/2021", "2021-13", "tháng 0/2021", "9999-12",
        "thg 3-1921x", "1999-12",
    ],
)  # fmt: skip
def test_what_may_be_something_else_is_no_month(text: str) -> None:
    with pytest.raises(NoMonth):
        month_of(text)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("BÁO CÁO THÁNG 3 NĂM 2021", [MARCH]),
        ("Báo cáo tháng ba năm 2021", [MARCH]),
        ("Kỳ báo cáo: Mar-21", [MARCH]),
        ("Kỳ báo cáo (năm-tháng): thg 3-21", [MARCH]),
        ("Kỳ báo cáo 03/2021", [MARCH]),
        ("Hạ Long, ngày 05 tháng 4 năm 2021", []),
        ("Hạ Long, ngày … tháng 4 năm 2021", []),
        ("Công văn 03-21/UBND, Mar-21", []),
        ("Tháng 3/2021 so với tháng 5/2021", [MARCH, MAY]),
        ("Báo cáo tháng năm 2021", []),
    ],
)
def test_a_line_above_a_table_names_months_in_words_only(text: str, months: list[date]) -> None:
    assert sorted(set(months_in(text))) == months


@pytest.mark.parametrize("text", ["Quý I/2021", "6 tháng đầu năm 2021", "Tháng 1 đến tháng 3 năm 2021"])
def test_quarters_and_years_are_longer(text: str) -> None:
    assert is_longer_than_a_month(text)
