"""A warehouse for all tests of a module: dbt and the gates are slow to start, so they run once for all cases."""

from collections.abc import Iterator

import pytest
from support import databases
from support.ledger_by_hand import Ledger

from mangnon import warehouse


@pytest.fixture(scope="module")
def ledger(deployed_template: str) -> Iterator[Ledger]:
    """Where submissions of a warehouse of its own arrive."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_URL", databases.make("mangnon_test_judged", deployed_template))
        with warehouse.connect() as connection:
            yield Ledger(connection)
        databases.drop("mangnon_test_judged")
