"""Rules write numbers in SQL as everything else writes them in Python."""

from decimal import Decimal
from types import ModuleType

import pytest

from expectations.rule import decimal_vi, number_vi
from mangnon import vietnamese


@pytest.mark.parametrize("value", [0, 7, 999, 1000, 49_980, -49_980, 17_316_469_000, 999_999_999_999_999])
def test_whole_numbers(warehouse: ModuleType, value: int) -> None:
    with warehouse.connect() as connection:
        assert connection.execute(f"select {number_vi(f'({value})')}".encode()).fetchone() == (
            vietnamese.number(value),
        )


@pytest.mark.parametrize("value", ["0.5", "99.5", "1234.5", "-1234.5", "999999999.9"])
def test_numbers_with_one_decimal(warehouse: ModuleType, value: str) -> None:
    with warehouse.connect() as connection:
        assert connection.execute(f"select {decimal_vi(f'({value})')}".encode()).fetchone() == (
            vietnamese.number(Decimal(value)),
        )
