"""Workbooks of July 2020 that reporters send, and what BI sees of them."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import ModuleType

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template

LISTS = CodeLists.from_package()
JULY = date(2020, 7, 1)
SESSIONS = """
    select sum(event_count) from marts.fct_events
    where period = '2020-07-01' and reporter_code = %s
"""
Lines = Mapping[str, Sequence[Mapping[str, object]]]


def send(inbox: Path, reporter: str, lines: Lines, revision: int, reason: str = "sửa số liệu") -> None:
    """Puts a workbook of July 2020 with the forms of `lines` into the reporter's place in the inbox."""
    place = inbox / reporter
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{reporter}-{revision}-{len(list(place.iterdir()))}.xlsx"
    write_template(
        path, LISTS.reporters[reporter], JULY, LISTS, lines, revision=revision, reason=reason, synthetic=True
    )


def event(area: str, count: int, **other: object) -> dict[str, object]:
    """Returns a line of events."""
    return {"area": area, "event_type": "communication", "event_count": count, "attendances": count * 100} | other


def sessions(warehouse: ModuleType, reporter: str, release: int | None = None) -> int | None:
    """Returns the number of events of a reporter in July 2020 that BI sees."""
    with warehouse.connect("auditor", release) as connection:
        return connection.execute(SESSIONS, [reporter]).fetchone()[0]
