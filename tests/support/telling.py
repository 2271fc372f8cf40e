"""Submissions whose reporters must be told something, and what they were told."""

from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.intake import steps

LISTS = CodeLists.from_package()
MONTH = date(2025, 11, 1)


def load_everything() -> None:
    """Loads all files in the inbox."""
    for reporter in steps.collect():
        steps.load(reporter)


def send_refused(inbox: Path, name: str, reporter: str = "SLDTBXH", **cover: Any) -> None:
    """Puts a submission into the reporter's place that is refused, because a form on its cover has no sheet."""
    path = inbox / reporter / name
    path.parent.mkdir(parents=True, exist_ok=True)
    area = LISTS.areas_of(LISTS.reporters[reporter], MONTH)[0].code
    site = {"area": area, "programme": "injury_prevention", "site_count": 1}
    write_template(path, LISTS.reporters[reporter], MONTH, LISTS, {"programme_sites": [site]}, **cover)
    book = openpyxl.load_workbook(path)
    book.remove(book["Mô hình"])
    book.save(path)


def rows(warehouse: ModuleType, columns: str) -> list[tuple[Any, ...]]:
    """Returns these columns of all feedback, in order."""
    with warehouse.connect() as connection:
        return list(connection.execute(f"select {columns} from ops.feedback order by feedback_id").fetchall())
