"""The circle with a real LibreOffice: a clerk fills in the template, is answered, mends the answer, and is accepted.

In each of its three formats: the answer to an .xlsx is a copy of it, that to an .ods or .xls is an .xlsx of its sheets.
"""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support import office
from support.nights import do_night
from support.office import Book, Office
from support.workbooks import JULY, LISTS

from mangnon.contract.template import write_template
from mangnon.publishing.phases import ReleaseRefused
from mangnon.telling import messages

# Reporter → the format of what it sends, and of what it sends again. The last one does not keep the answer's.
FORMATS = {"193": (".xlsx", ".xlsx"), "194": (".ods", ".xlsx"), "195": (".xls", ".xlsx"), "196": (".ods", ".ods")}
COVER, EVENTS, BENEFICIARIES, INCIDENTS, SITES = "Bìa", "Hoạt động", "Đối tượng thụ hưởng", "Vụ việc", "Mô hình"
REVISION, REASON = "B7", "B8"
WITH_DATA, NOTHING, NOT_YET = "có số liệu", "không phát sinh", "chưa có"
# What differs: each has its own area, and its code as a number too, or gate 1 would ask whose data these are.
AREA, CODE = "the area of the reporter", "the code of the reporter"
COMMUNICATION, TRAINING, INJURY, TEAM = "Tuyên truyền", "Tập huấn", "tai nạn thương tích", "Đội tuyên truyền măng non"
CHOSEN = {AREA, WITH_DATA, NOTHING, NOT_YET, COMMUNICATION, TRAINING, INJURY, TEAM, "khoảng"}
RED = "FFC9C4"
# Sheet → cell → what the clerk types, or chooses where there is a drop-down. Row 4 is the first below the header.
RIGHT = {
    COVER: {"B12": WITH_DATA, "B17": WITH_DATA, "B20": WITH_DATA, "B22": NOT_YET},
    EVENTS: {f"{column}{row}": text for row in range(4, 14) for column, text in (("A", AREA), ("C", COMMUNICATION))}
    | {"B4": "05/07/2020", "E4": "2", "F4": "1.200", "E5": "1", "F5": CODE, "G5": "30", "E6": "3", "E7": "1"}
    | {"E8": "4", "F9": "90", "E10": "1", "F10": "20", "E11": "1", "F11": "70", "E12": "1", "F12": "30", "E13": "1"},
    BENEFICIARIES: {"A4": AREA, "K4": "15", "M4": "7.500.000"},
    INCIDENTS: {"A4": AREA, "B4": INJURY, "H4": "2"},
    SITES: {"A4": AREA, "B4": TEAM, "C4": "20"},
}
# (sheet, cell) → what the clerk pastes there, for the limits of cells forbid most of it, and then mends.
MISTAKES = {
    (EVENTS, "F6"): ("45 người", "45"),
    (EVENTS, "F7"): ("khoảng 60", "60"),
    (EVENTS, "F8"): ("1,500", "1.500"),
    (EVENTS, "E9"): ("2,5", "3"),
    (EVENTS, "B10"): ("15/06/2020", "15/07/2020"),
    (EVENTS, "A11"): ("Hạ Lonh", AREA),
    (EVENTS, "C12"): ("", TRAINING),
    (EVENTS, "F13"): ("-25", "25"),
    (INCIDENTS, "I4"): ("3", "3"),  # more children died than were victims: one of the two is wrong, so both are named
    (INCIDENTS, "J4"): ("4", "1"),
    (COVER, "B14"): (NOTHING, WITH_DATA),
}
READ = {(EVENTS, "F8"): "1,5"}  # what LibreOffice makes of it
NUMBERS = """
    select
        (
            select array[sum(event_count), sum(attendances), sum(attendances) filter (where qualifier = 'approx')]
            from marts.fct_events
        ),
        (select array[sum(support_turns), sum(amount_vnd)] from marts.fct_beneficiaries),
        (select array[sum(cases), sum(victims), sum(deaths)] from marts.fct_incidents),
        (select array[sum(site_count)] from marts.fct_programme_sites)
"""


@pytest.fixture
def libreoffice(tmp_path: Path) -> Iterator[Office]:
    if not office.is_installed():
        pytest.skip("no LibreOffice is installed: `apt install libreoffice-calc python3-uno`")
    with office.running_office(tmp_path) as running:
        yield running


def test_ten_mistakes_are_mended_in_the_answer(listed: ModuleType, libreoffice: Office, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    for reporter, (ending, _) in FORMATS.items():
        blank = tmp_path / f"{reporter}.xlsx"
        write_template(blank, LISTS.reporters[reporter], JULY, LISTS)
        with libreoffice.open(blank) as book:
            fill_in(book, reporter)
            book.save(inbox / reporter / f"Báo cáo tháng 7{ending}")
    with pytest.raises(ReleaseRefused):  # so many wrong files hold a release
        do_night()

    messages.write_feedback()
    for reporter, (_, ending) in FORMATS.items():
        (answer,) = (tmp_path / "outbox" / reporter).rglob("*.xlsx")
        with libreoffice.open(answer) as book:
            mend(book, reporter)
            book.save(inbox / reporter / f"Báo cáo tháng 7, đã sửa{ending}")
    do_night()
    assert messages.write_feedback() == []
    with listed.connect() as connection:
        states = connection.execute(
            "select count(*), state from ops.loads where revision = 2 group by state"
        ).fetchall()
        assert states == [(4 * 4, "accepted")]
        numbers = [[18, 3040, 60], [15, 7_500_000], [2, 3, 1], [20]]
        totals = [[4 * number for number in form] for form in numbers]
        totals[0][1] += sum(map(int, FORMATS))
        assert list(connection.execute(NUMBERS).fetchone()) == totals


def fill_in(book: Book, reporter: str) -> None:
    """The clerk fills in the template, with ten mistakes."""
    for sheet, cells in RIGHT.items():
        for cell, text in cells.items():
            enter(book, sheet, cell, text, reporter)
    for (sheet, cell), (wrong, _) in MISTAKES.items():
        book.type(sheet, cell, wrong)


def mend(book: Book, reporter: str) -> None:
    """The clerk does what the answer's summary says, line by line, and finds each cell as it says."""
    assert book.sheets[0] == "Phản hồi"
    rows = book.rows("Phản hồi")
    header = next(number for number, row in enumerate(rows) if row[0] == "Mức độ")
    lines = {
        (sheet, cell): (number, read, advice)
        for number, (_, sheet, cell, column, read, advice) in enumerate(rows[header + 1 :], start=header + 2)
        if column or sheet == COVER
    }
    assert set(lines) == set(MISTAKES)
    for (sheet, cell), (number, read, advice) in lines.items():
        assert book.follow("Phản hồi", f"C{number}") == [sheet, cell]
        wrong, right = MISTAKES[sheet, cell]
        seen = book.cell(sheet, cell)
        assert read == READ.get((sheet, cell), wrong)
        assert (seen["colour"], seen["note"]) == (RED, f"PHẢI SỬA: {advice}")
        if "rồi ghi “khoảng” vào cột “Mức chính xác”" in advice:
            enter(book, sheet, f"L{cell[1:]}", "khoảng", reporter)
        enter(book, sheet, cell, right, reporter)
    assert any("Hãy chọn “có số liệu” ở trang Bìa" in row[5] for row in rows)
    enter(book, COVER, "B14", WITH_DATA, reporter)
    assert any("tăng “Lần gửi” lên 2 và ghi “Lý do gửi lại”" in row[0] for row in rows)
    enter(book, COVER, REVISION, "2", reporter)
    enter(book, COVER, REASON, "sửa theo phản hồi", reporter)


def enter(book: Book, sheet: str, cell: str, text: str, reporter: str) -> None:
    """Types a text, or chooses it from the cell's drop-down."""
    shown = {AREA: LISTS.areas_of(LISTS.reporters[reporter], JULY)[0].label, CODE: reporter}.get(text, text)
    if text in CHOSEN:
        assert shown in book.choices(sheet, cell), (sheet, cell)
    book.type(sheet, cell, shown)
