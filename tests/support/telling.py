"""Files that give a reason to tell somebody something."""

from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.intake import steps

LISTS = CodeLists.from_package()
SITES = {"programme_sites": []}


def load_everything() -> None:
    for reporter in steps.collect():
        steps.load(reporter)


def send_refused(path: Path, reporter: str = "SLDTBXH", **cover: Any) -> None:
    write_template(path, LISTS.reporters[reporter], date(2025, 11, 1), LISTS, SITES, **cover)
    book = openpyxl.load_workbook(path)
    book.remove(book["Mô hình"])
    book.save(path)


def rows(warehouse: ModuleType, columns: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return list(connection.execute(f"select {columns} from ops.feedback order by feedback_id").fetchall())
