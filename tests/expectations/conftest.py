"""A warehouse for all tests of a module: dbt and the gates are slow to start, so they run once for all cases."""

import sys
from collections.abc import Iterator

import pytest
from submissions_by_hand import Desk
from support import databases

from mangnon import warehouse
from mangnon.settings import PROJECT

# The suites lie at the top of the checkout, beside the package.
sys.path.append(str(PROJECT))


@pytest.fixture(scope="module")
def desk(deployed_template: str) -> Iterator[Desk]:
    """Where submissions of a warehouse of its own arrive."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_URL", databases.make("mangnon_test_judged", deployed_template))
        with warehouse.connect() as connection:
            yield Desk(connection)
        databases.drop("mangnon_test_judged")
