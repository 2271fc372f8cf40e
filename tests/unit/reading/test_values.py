"""Cells are read strictly: Vietnamese numbers, days and code lists; what is ambiguous is refused."""

import unicodedata
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from mangnon.contract.forms import all_forms
from mangnon.reading.cells import Cells
from mangnon.reading.values import Contract, likeness, read_column
from mangnon.reading.vocabulary import normalised

COUNT = all_forms()["events"].field("attendances")
MONEY = all_forms()["beneficiaries"].field("amount_vnd")
PERCENT = all_forms()["child_population"].field("target_pct")
DAY = all_forms()["events"].field("event_date")
SUBSET = all_forms()["incidents"].field("is_subset")
QUALIFIER = all_forms()["events"].field("qualifier")
CLASS = all_forms()["incidents"].field("incident_class")


def read(contract: Contract, cell: object) -> object:
    """The value of a cell, or the rule that it breaks."""
    column = read_column(contract, Cells.of([cell]))
    return column.bad[0].rule if column.bad else column.values[0].as_py()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("49.980", 49980),
        ("49980", 49980),
        (" 8.641 ", 8641),
        (49980.0, 49980),
        ("0", 0),
        (0, 0),
        ("1.234.567", 1234567),
        ("12.5", "not_a_number"),
        ("49.98", "not_a_number"),
        ("49,5", "fraction"),
        (49.98, "ambiguous_number"),
        ("mười", "not_a_number"),
        ("12 lượt", "not_a_number"),
        ("-5", "below_minimum"),
        (-5.0, "below_minimum"),
        ("", "required"),
        ("9" * 17, "too_large"),
        (1e17, "too_large"),
        ("12,000", "ambiguous_number"),
        ("-12,000", "ambiguous_number"),
        ("0,000", 0),
        ("12,0", 12),
        ("1.234,000", 1234),
        ("12,000,000", "not_a_number"),
        (330.00000000000006, 330),
        (1.2, "ambiguous_number"),
        ("1200\u200b", 1200),
        ("\u200e1\xad100", 1100),
        ("1\xa0250", 1250),
        ("1\u202f250\u2009000", 1_250_000),
        ("\ufeff45", 45),
        ("1.250 000", "not_a_number"),
        ("12\n300", "not_a_number"),
        ("1,23E+05", "not_a_number"),
        ("1e3", "not_a_number"),
        ("1_000", "not_a_number"),
        ("NaN", "not_a_number"),
        ("１２", "not_a_number"),
        ("١٢", "not_a_number"),
        ("12²", "not_a_number"),
        ("\u22125", "below_minimum"),
        ("+5", 5),
    ],
)
def test_counts(cell: object, value: object) -> None:
    assert read(Contract(COUNT), cell) == value


@pytest.mark.parametrize(
    ("cell", "unit", "value"),
    [
        ("4.989.000.000", "đồng", 4_989_000_000),
        (4989000000.0, "đồng", 4_989_000_000),
        ("4.989.000.000", None, "unit_missing"),
        (4989000000.0, None, "unit_missing"),
        ("4.989 tr.đ", "đồng", 4_989_000_000),
        ("4.989", "1.000 đồng", 4_989_000),
        ("-", "đồng", 0),
        ("17.316,469 triệu", None, 17_316_469_000),
        ("4,989 triệu", None, "ambiguous_number"),
        ("0,500 tỷ", None, 500_000_000),
        ("4,5 tỷ", None, 4_500_000_000),
        ("4,989.5 triệu", None, "not_a_number"),
        ("12 000 000 đồng", None, 12_000_000),
        ("4989\u200b triệu\xa0đồng", None, 4_989_000_000),
        (4989000000.0000005, "đồng", 4_989_000_000),
        ("17.316,469", "triệu đồng", 17_316_469_000),
        ("4.989 triệu đồng", None, 4_989_000_000),
        ("12 tỷ", "đồng", 12_000_000_000),
        ("12 tỉ đồng", None, 12_000_000_000),
        (4989.0, "triệu đồng", 4_989_000_000),
        ("", None, None),
        ("4.989", "đồng", 4989),
        (4.989, "đồng", "ambiguous_number"),
        (17316.469, "triệu đồng", "ambiguous_number"),
        ("12,5", "đồng", "fraction"),
        ("12 đô la", None, "not_a_number"),
        ("nhiều", None, "not_a_number"),
        ("-1", "đồng", "below_minimum"),
        ("1.000.000 tỷ", None, "too_large"),
    ],
)
def test_money_is_integer_dong(cell: object, unit: str | None, value: object) -> None:
    assert read(Contract(MONEY, unit=unit), cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("99,5", Decimal("99.5")),
        (100.0, Decimal(100)),
        ("100", Decimal(100)),
        ("101", "above_maximum"),
        ("100%", Decimal(100)),
        ("0,5 %", Decimal("0.5")),
        (1.0, "ambiguous_percent"),
        (0.5, "ambiguous_percent"),
        (0.0, Decimal(0)),
    ],
)
def test_percent(cell: object, value: object) -> None:
    assert read(Contract(PERCENT), cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("01/06/2020", date(2020, 6, 1)),
        ("1/6/2020", date(2020, 6, 1)),
        (date(2020, 6, 30), date(2020, 6, 30)),
        (datetime(2020, 6, 1), date(2020, 6, 1)),
        ("31/06/2020", "not_a_date"),
        ("06/2020", "not_a_date"),
        ("01-06-2020", date(2020, 6, 1)),
        ("1.6.2020", date(2020, 6, 1)),
        ("1/6/20", "ambiguous_date"),
        (43983.0, date(2020, 6, 1)),
        ("43983", date(2020, 6, 1)),
        (43952.0, "not_a_date"),
        (6.0, "not_a_date"),
        ("-", None),
        ("01/07/2020", "date_outside_period"),
        ("31/05/2020", "date_outside_period"),
        ("", None),
    ],
)
def test_days_lie_in_the_period(cell: object, value: object) -> None:
    assert read(Contract(DAY, first_day=date(2020, 6, 1), end_day=date(2020, 7, 1)), cell) == value


@pytest.mark.parametrize(
    "cell",
    ["Hạ Long", "HẠ LONG", "  Hạ   Long ", unicodedata.normalize("NFD", "Hạ Long"), "193"],
    ids=["as in the list", "capitals", "spaces", "NFD", "code"],
)
def test_one_area_however_it_is_written(cell: str) -> None:
    contract = Contract(all_forms()["events"].field("area"), members={normalised("Hạ Long"): "193", "193": "193"})
    assert read(contract, cell) == "193"


def test_look_alikes_of_d_are_d() -> None:
    contract = Contract(all_forms()["events"].field("area"), members={normalised("Huyện Đầm Hà"): "200"})
    assert read(contract, "Huyện Ðầm Hà") == "200"
    assert read(contract, "HUYỆN ƉẦM HÀ") == "200"


def test_unknown_and_expired_codes_differ() -> None:
    contract = Contract(
        all_forms()["events"].field("area"), members={"193": "193"}, expired={"193": "193", "204": "204"}
    )
    assert read(contract, "204") == "code_not_valid"
    assert read(contract, "999") == "unknown_code"
    assert read(contract, 193.0) == "193"


def test_a_name_that_several_may_have_is_asked_about() -> None:
    labels = {"193": "Hạ Long", "500": "Hà Long"}
    members = {normalised(label): code for code, label in labels.items()}
    alike = {likeness("Hạ Long", is_area=True): frozenset(labels)}
    contract = Contract(all_forms()["events"].field("area"), members=members, alike=alike, labels=labels)
    assert read(contract, "ha long") == "ambiguous_code"
    assert read(contract, "hà long") == "500"


def test_yes_no_and_defaults() -> None:
    assert [read(Contract(SUBSET), cell) for cell in ("x", "X", "Có", True, "không", "", "maybe")] == [
        True, True, True, True, False, False, "not_yes_or_no",
    ]  # fmt: skip
    qualifiers = {normalised(name): value for value, label in QUALIFIER.categories for name in (value, label)}
    assert [read(Contract(QUALIFIER, members=qualifiers), cell) for cell in ("trên", "TRÊN", "", "gte")] == [
        "gte", "gte", "eq", "gte",
    ]  # fmt: skip


def test_blank_is_not_zero() -> None:
    cases = all_forms()["incidents"].field("cases")
    assert read(Contract(cases), "") is None
    assert read(Contract(cases), "0") == 0


def test_a_column_of_a_csv_reads_like_a_column_of_a_workbook() -> None:
    texts = ["49.980", "nhiều", "", "12"]
    from_csv = read_column(Contract(COUNT), Cells.of_text(pa.array(texts)))
    from_workbook = read_column(Contract(COUNT), Cells.of(texts))
    assert from_csv.values.equals(from_workbook.values)
    assert {index: problem.rule for index, problem in from_csv.bad.items()} == {1: "not_a_number", 2: "required"}
