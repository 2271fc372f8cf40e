"""Fixtures for the models of dbt."""

from collections.abc import Iterator
from types import ModuleType

import pytest
from ledger_by_hand import Ledger


@pytest.fixture
def ledger(warehouse: ModuleType) -> Iterator[Ledger]:
    """The ledger of an empty warehouse."""
    with warehouse.connect() as connection:
        yield Ledger(connection)
