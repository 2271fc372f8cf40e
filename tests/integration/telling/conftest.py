"""A warehouse with reporters to be told something."""

from pathlib import Path
from types import ModuleType

import pytest
from support.telling import load_everything, send_refused

from mangnon.deployment import deploy


@pytest.fixture
def reference(warehouse: ModuleType) -> ModuleType:
    """A deployed warehouse whose code lists are loaded."""
    deploy.deliver_reference()
    load_everything()
    return warehouse


@pytest.fixture
def refused(reference: ModuleType, tmp_path: Path) -> ModuleType:
    """And a workbook that lacks a sheet, so that a form of it is refused at once."""
    send_refused(tmp_path / "inbox", "Báo cáo.xlsx")
    load_everything()
    return reference
