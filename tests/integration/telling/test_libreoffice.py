"""The circle with a real LibreOffice: a clerk fills in the template, is answered, mends the answer, and is accepted.

In each of its three formats: the answer on an .xlsx is a copy of it, that on an .ods or .xls is an .xlsx of its sheets.
"""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import office
from support.nights import do_night
from support.office import Book, Office
from support.workbooks import JULY, LISTS

from mangnon.contract.template import write_template
from mangnon.telling import messages

FORMATS = {"193": ".xlsx", "194": ".ods", "195": ".xls"}  # one reporter each, so that two nights are enough
EVENTS, BENEFICIARIES, INCIDENTS, SITES = "Hoạt động", "Đối tượng thụ hưởng", "Vụ việc", "Mô hình"
WITH_DATA, NOTHING = "có số liệu", "không phát sinh"
AREA = "=area"  # stands for the reporter's own area
# (sheet, cell) → what the clerk types rightly. Row 4 is the first one below a header.
RIGHT = {
    (EVENTS, "B4"): "05/07/2020", (EVENTS, "E4"): "2", (EVENTS, "F4"): "1.200",
    (EVENTS, "E5"): "1", (EVENTS, "F5"): "40", (EVENTS, "G5"): "30",
    (EVENTS, "E6"): "3", (EVENTS, "E7"): "1", (EVENTS, "E8"): "4", (EVENTS, "F9"): "90", (EVENTS, "E10"): "1",
    (EVENTS, "F10"): "20", (EVENTS, "E11"): "1", (EVENTS, "F11"): "70", (EVENTS, "E12"): "1", (EVENTS, "F12"): "30",
    (EVENTS, "E13"): "1",
    (BENEFICIARIES, "K4"): "15", (BENEFICIARIES, "M4"): "7.500.000",
    (INCIDENTS, "H4"): "2", (INCIDENTS, "I4"): "3", (INCIDENTS, "J4"): "0",
    (SITES, "C4"): "20",
}  # fmt: skip
# (sheet, cell) → what the clerk types wrongly, and then rightly.
MISTAKES = {
    (EVENTS, "F6"): ("45 người", "45"),
    (EVENTS, "F7"): ("khoảng 60", "60"),
    (EVENTS, "F8"): ("1,500", "1.500"),
    (EVENTS, "E9"): ("2,5", "3"),
    (EVENTS, "B10"): ("15/06/2020", "15/07/2020"),
    (EVENTS, "A11"): ("Hạ Lonh", AREA),
    (EVENTS, "C12"): ("", "Tập huấn"),
    (EVENTS, "F13"): ("-25", "25"),
    (INCIDENTS, "K4"): ("5", "2"),
    ("Bìa", "B14"): (NOTHING, WITH_DATA),
}


@pytest.fixture(scope="module")
def libreoffice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    if not office.is_installed():
        pytest.skip("no LibreOffice is installed: `apt install libreoffice-calc python3-uno`")
    with office.running_office(tmp_path_factory.mktemp("office")) as running:
        yield running


def test_explore(listed: ModuleType, libreoffice: Office, tmp_path: Path) -> None:
    inbox, outbox = tmp_path / "inbox", tmp_path / "outbox"
    for reporter, ending in FORMATS.items():
        fill_in(libreoffice, reporter, tmp_path / "blank.xlsx", inbox / reporter / f"Báo cáo tháng 7{ending}")
    try:
        print(do_night())
    except Exception as e:
        print(repr(e))
    messages.write_feedback()
    import shutil
    shutil.rmtree("/tmp/answers", ignore_errors=True); shutil.copytree(outbox, "/tmp/answers"); shutil.copytree(inbox, "/tmp/answers/inbox")
    for p in sorted(outbox.rglob("*.xlsx")):
        print(p)
        with libreoffice.open(p) as b:
            print(b.sheets)
            for r in b.rows("Phản hồi"):
                print(r)
            b.save(Path("/tmp/answers") / (p.parent.parent.name + ".pdf"))
    assert 0


def fill_in(libreoffice: Office, reporter: str, template: Path, filled: Path) -> None:
    """The clerk of a reporter fills in the template, with ten mistakes."""
    write_template(template, LISTS.reporters[reporter], JULY, LISTS)
    area = LISTS.areas_of(LISTS.reporters[reporter], JULY)[0].label
    with libreoffice.open(template) as book:
        for row in range(4, 14):
            book.choose(EVENTS, f"A{row}", area)
            book.choose(EVENTS, f"C{row}", "Tuyên truyền")
        for sheet in (BENEFICIARIES, INCIDENTS, SITES):
            book.choose(sheet, "A4", area)
        book.choose(INCIDENTS, "B4", "tai nạn thương tích")
        book.choose(SITES, "B4", book._do("choices", SITES, "B4")[0])
        for (sheet, cell), text in RIGHT.items():
            book.type(sheet, cell, text)
        for row, says in {12: WITH_DATA, 17: WITH_DATA, 20: WITH_DATA, 22: "chưa có"}.items():
            book.choose("Bìa", f"B{row}", says)
        for (sheet, cell), (wrong, _) in MISTAKES.items():
            book.type(sheet, cell, wrong)
        book.save(filled)
