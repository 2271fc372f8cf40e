"""Who speaks in a file is decided by where it lies: what attackers try, who is told what, and which figures move."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import openpyxl
import pytest
from click.testing import CliRunner
from support.bad_input import HEADER
from support.watching import found, measured
from support.workbooks import JULY, sessions

from mangnon.cli.main import cli
from mangnon.contract.code_lists import OFFICE
from mangnon.intake import archive, inbox, steps
from mangnon.serving import night_page
from mangnon.telling import messages

Night = Callable[[], int | None]


def events(reporter: str | None, count: int = 1, revision: int = 2, form: str = "events", area: str = "") -> bytes:
    """Returns a made-up CSV of July 2020 with so many events."""
    cover = {"reporter": reporter, "period": "2020-07", "form": form, "revision": revision, "reason": "sửa số liệu"}
    lines = [f"#{key},{value}" for key, value in cover.items() if value is not None]
    row = f"{area or reporter},,communication,,{count},{count * 100},,,,,,\n"
    return "\n".join([*lines, "#synthetic,true", ""]).encode() + HEADER + row.encode()


NEIGHBOUR = "Phòng LĐ-TB&XH thành phố Móng Cái"  # 194
TRUE_ONE = events("194", 7)

# What is tried: where it lies, what it says, the rule that refuses it, and whose delivery it is.
ATTACKS: dict[str, tuple[str, bytes, str, str | None]] = {
    "the cover of another": ("193/a.csv", events("194", 71), "reporter_not_of_place", "193"),
    "the name of another": (
        "195/a.csv",
        events("Phòng LĐ-TB&XH thành phố Móng Cái", 77),
        "reporter_not_of_place",
        "195",
    ),
    "another, far ahead": ("193/b.csv", events("194", 72, revision=99), "reporter_not_of_place", "193"),
    "reference data": ("193/c.csv", events("_reference"), "reference_not_here", "193"),
    "a list of reference data": ("193/d.csv", events("_reference", form="figures"), "reference_not_here", "193"),
    "a list in one's own name": ("193/e.csv", events("193", form="figures"), "reference_not_here", "193"),
    "reference data by the office": ("_office/a.csv", events("_reference", form="codes"), "reference_not_here", None),
    "no reporter": ("193/f.csv", events(None, area="193"), "reporter_missing", "193"),
    "a huge revision": ("193/g.csv", events("193", 73, revision=999_999_998), "revision_unreadable", "193"),
    "the first revision too high": ("193/h.csv", events("193", 74, revision=100), "revision_unreadable", "193"),
    "a copy of another's, before": ("193/0.csv", TRUE_ONE, "reporter_not_of_place", "193"),
    "a copy of another's, after": ("195/z.csv", TRUE_ONE, "reporter_not_of_place", "195"),
    "an office within a place": ("193/_office/i.csv", events("194", 75), "reporter_not_of_place", "193"),
    "a place within a place": ("193/194/j.csv", events("194", 76), "reporter_not_of_place", "193"),
    "dots in the name": ("193/..194.csv", events("194", 77), "", "193"),  # hidden, as every name that begins so
    "not valid in that month": ("204/k.csv", events("204", 78), "reporter_not_valid", "204"),
    "junk": ("193/l.xlsx", b"no workbook", "not_a_workbook", "193"),
    "junk in the office": ("_office/m.xlsx", b"no workbook", "not_a_workbook", None),
}
# In these folders lies a file that would be good in the place that the folder looks like.
NO_PLACES = (
    "",
    "193 /",
    " 193/",
    "１９３/",
    "193\u200b/",
    "0193/",
    "sldtbxh/",
    "_Office/",
    "_office /",
    "..193/",
    "999/",
)


def put(folder: Path, path: str, content: bytes) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def rows(warehouse: ModuleType, query: str, *parameters: object) -> list[tuple]:
    with warehouse.connect("auditor") as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def counted(warehouse: ModuleType, release: int) -> set[tuple]:
    """What counts in a release: reporter, form, period and load."""
    return set(rows(warehouse, "select reporter_code, form, period, load_id from ops.loads_in_release(%s)", release))


def test_nobody_speaks_for_another(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    folder = tmp_path / "inbox"
    for path, content, _, _ in ATTACKS.values():
        put(folder, path, content)
    for number, place in enumerate(NO_PLACES):
        put(folder, f"{place}no-{number}.csv", events("193", 88, revision=50 + number))
    put(folder, "194/true.csv", TRUE_ONE)
    put(folder, "193/z.csv", events("193", 6))
    assert run_night() == 2, "nothing of it holds the release"

    # The good files of the neighbour and of the same place count, and nothing else changes.
    assert (sessions(published, "193"), sessions(published, "194")) == (6, 7)
    changed = {key[:3] for key in counted(published, 1) ^ counted(published, 2)}
    assert changed == {("193", "events", JULY), ("194", "events", JULY)}
    submitted = (
        "select times_submitted from marts.reporting_rates where reporter_code = %s and form = 'events' and period = %s"
    )
    assert [rows(published, submitted, reporter, JULY) for reporter in ("193", "194")] == [[(2,)], [(2,)]]

    # Each delivery is its place's, and is refused by one rule.
    noted = {
        f"{place}/{name}": (rule, reporter, seen_as)
        for place, name, reporter, seen_as, rule in rows(
            published,
            """
            select place, file_name, deliveries.reporter_code, loads.reporter_code, rule
            from ops.deliveries
            inner join ops.loads using (delivery_id)
            inner join raw.problems using (load_id)
            where loads.state = 'refused' and severity = 'critical'
            """,
        )
    }
    expected = {
        f"{path.partition('/')[0]}/{path.rpartition('/')[2]}": (rule, reporter, reporter)
        for path, _, rule, reporter in ATTACKS.values()
        if rule
    }
    assert noted == expected
    assert len(rows(published, "select from ops.misplaced_files")) == len(NO_PLACES)
    assert rows(published, "select from ops.deliveries where file_name like 'no-%%'") == []

    # The place's own reporter is told what its own file said; the named one, and whoever was copied, nothing.
    messages.write_feedback()
    outbox = tmp_path / "outbox"
    assert {path.name for path in outbox.iterdir() if path.is_dir()} == {"193", "195", "204", "_khong-ro-don-vi"}
    said = {path.name.partition(".")[0]: _words(path) for path in outbox.rglob("*.xlsx") if path.parts[-2] != "204"}
    assert "“194” (ô B1), nhưng thư mục này chỉ nhận tệp của đơn vị mã 193" in said["b"]
    assert "Móng Cái" not in said["b"]
    assert "ghi số nguyên từ 1 đến 99" in said["g"]
    assert "danh mục dùng chung không nhận qua thư mục nhận tệp" in said["d"]


def _words(path: Path) -> str:
    book = openpyxl.load_workbook(path)
    return "\n".join(str(cell.value) for row in book["Phản hồi"].iter_rows() for cell in row if cell.value)


def test_what_the_office_files_counts_for_whom_its_cover_names(
    published: ModuleType, tmp_path: Path, run_night: Night
) -> None:
    put(tmp_path / "inbox", f"{OFFICE}/mail/193.csv", events("193", 6, revision=2))
    put(tmp_path / "inbox", f"{OFFICE}/mail/194.csv", events("194", 7, revision=3))
    put(tmp_path / "inbox", "194/own.csv", events("194", 8, revision=2))
    assert run_night() == 2
    assert (sessions(published, "193"), sessions(published, "194")) == (6, 7), "the higher revision counts"
    # Two contents of one revision, from the office and from the reporter itself, are a tie as any other.
    put(tmp_path / "inbox", "194/tie.csv", events("194", 9, revision=3))
    put(tmp_path / "inbox", "193/same.csv", events("193", 6, revision=2))
    assert run_night() == 3
    assert sessions(published, "194") == 8
    held = "select reporter_code, state from ops.loads where state in ('held', 'same') order by reporter_code, state"
    assert rows(published, held) == [("193", "same"), ("194", "held"), ("194", "held")]


def test_junk_that_names_no_reporter_is_no_reporter(published: ModuleType, tmp_path: Path, run_night: Night) -> None:
    for number in range(5):
        put(tmp_path / "inbox", f"{OFFICE}/{number}.xlsx", f"no workbook {number}".encode())
    put(tmp_path / "inbox", "193/a.csv", events("193", 6))
    assert run_night() == 2, "it holds no release"
    page = Path(night_page.write()).read_text()
    assert "1 đơn vị gửi" in page
    assert f"{OFFICE}/0.xlsx" in page


def test_whoever_looks_is_told_of_files_in_no_place(
    published: ModuleType, tmp_path: Path, run_night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "inbox"
    put(folder, "flat.csv", events("194", 7))
    for number in range(7):
        put(folder, f"2020-07/{number}.csv", events("193", number))
    put(folder, "193/good.csv", events("193", 6))
    outcome = CliRunner().invoke(cli, ["deploy"], catch_exceptions=False)
    advice = "move each into the folder of its reporter, `<code>/`, or into `_office/`"
    assert f"8 files lie in no place of the inbox and will not be read: {advice}" in outcome.output

    with caplog.at_level(logging.WARNING):
        assert run_night() == 2
    assert "8 files lie in no place of the inbox and were not read (2020-07/0.csv" in caplog.text
    assert "and 3 others): move each" in caplog.text
    (said,) = found("places")
    assert said.startswith("8 files lie in no place of the inbox and are not read: 2020-07/0.csv")
    assert advice in said
    assert measured()["files_misplaced"] == 8
    status = CliRunner().invoke(cli, ["status"], catch_exceptions=False).output
    assert "In no place of the inbox, not read" in status
    assert "(the inbox itself)" in status
    assert "move them into <code>/ or _office/" in status
    page = Path(night_page.write()).read_text()
    assert "8 tệp không nằm trong thư mục của đơn vị nào nên không được đọc" in page
    assert "2020-07" in page

    (folder / OFFICE).mkdir()
    shutil.move(folder / "2020-07", folder / OFFICE)
    (folder / "194").mkdir()
    shutil.move(folder / "flat.csv", folder / "194")
    assert steps.collect() == ["193", "194"]
    assert found("places") == []
    assert measured()["files_misplaced"] == 0


def test_moving_what_was_archived_before_there_were_places_makes_no_delivery(
    published: ModuleType, tmp_path: Path
) -> None:
    folder = tmp_path / "inbox"
    put(folder, f"{OFFICE}/junk.xlsx", b"no workbook")
    with published.connect("loader") as connection:
        assert len(inbox.collect(connection).new) == 1
    with published.connect() as connection:
        connection.execute("update ops.deliveries set place = null where place <> '_reference'")
        (before,) = connection.execute("select count(*) from ops.deliveries").fetchone()
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)

    query = "select sha256 from ops.deliveries where reporter_code = '193' and period = '2020-07-01'"
    ((sha256,),) = rows(published, query)
    with archive.archived(sha256) as sent:
        for place in ("193", OFFICE, "194"):
            put(folder, f"{place}/moved.xlsx", sent.read_bytes())
    put(folder, "195/junk.xlsx", b"no workbook")
    put(folder, "196/other name.xlsx", b"no workbook")
    with published.connect("loader") as connection:
        collected = inbox.collect(connection)
    assert collected.known_again == 3, "in its reporter's place, in the office's, and what named nobody under its name"
    assert len(collected.new) == 2, "in another's place, and junk under another name"
    ((after,),) = rows(published, "select count(*) from ops.deliveries")
    assert after == before + 2
    newest = "select place, reporter_code, period from ops.deliveries order by delivery_id desc limit 2"
    assert rows(published, newest) == [("196", "196", None), ("194", "194", None)]
