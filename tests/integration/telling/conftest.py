"""A warehouse with reporters to be told something."""

from pathlib import Path
from types import ModuleType

import pytest
from support.telling import load_everything, send_refused


@pytest.fixture
def reference(listed: ModuleType) -> ModuleType:
    """A warehouse in which the package's lists count."""
    return listed


@pytest.fixture
def refused(reference: ModuleType, tmp_path: Path) -> ModuleType:
    """And a workbook that lacks a sheet, so that a form of it is refused at once."""
    send_refused(tmp_path / "inbox", "Báo cáo.xlsx")
    load_everything()
    return reference
