"""Submissions as districts write them, through a night: what says the same is the same; what is wrong is said."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType

import openpyxl
import pytest
from support.messy import Style, bundle, csv_text, in_font, submission, without_diacritics, workbook

from mangnon.contract.code_lists import OFFICE
from mangnon.contract.forms import all_forms
from mangnon.intake import steps
from mangnon.intake.loads import NoReferenceData
from mangnon.publishing import lists

FROM_OFFICES = Path(__file__).parents[2] / "fixtures" / "office"
MARCH, JUNE = date(2020, 3, 1), date(2020, 6, 1)
HEADER_OF_POPULATION = 10  # rows of titles, headers and column numbers


def by_hand(reporter: str, period: date, style: Style) -> Callable[[Path], object]:
    """A workbook without a cover, written by somebody."""
    return lambda folder: workbook(folder / f"{reporter}.xlsx", submission(reporter, period), style)


def from_office(name: str) -> Callable[[Path], object]:
    """A workbook that another program saved."""
    return lambda folder: shutil.copy(FROM_OFFICES / name, folder / name)


def as_csv(reporter: str, form: str, separator: str, encoding: str) -> Callable[[Path], object]:
    """A CSV with semicolons, as a Vietnamese Excel writes it."""
    text = csv_text(all_forms()[form], submission(reporter, MARCH), separator)
    text = in_font("tcvn3")(text) if encoding == "cp1252" else text
    return lambda folder: (folder / f"{reporter}.csv").write_bytes(text.encode(encoding))


def as_zip(reporter: str) -> Callable[[Path], object]:
    """All forms of a month in an archive."""
    sent = submission(reporter, MARCH)
    members = {f"báo cáo/{form}.csv": csv_text(all_forms()[form], sent).encode("utf-8-sig") for form in sent.lines}
    return lambda folder: bundle(folder / f"{reporter}.zip", members | {"__MACOSX/._events.csv": b"\0"})


SAME: dict[str, tuple[str, Callable[[Path], object]]] = {
    "193": ("merged headers, sections, totals, text", by_hand("193", JUNE, Style(numbers_as_text=True, nil="-"))),
    "194": ("no diacritics, millions", by_hand("194", JUNE, Style(without_diacritics, money="triệu đồng"))),
    "195": ("TCVN3", by_hand("195", JUNE, Style(in_font("tcvn3"), font=".VnTime", serial_days=True))),
    "196": ("VNI", by_hand("196", JUNE, Style(in_font("vni"), font="VNI-Times", nil="KPS"))),
    "200": (".xls", from_office("200-2020-03.xls")),
    "201": (".ods", from_office("201-2020-06.ods")),
    "202": ("a CSV with semicolons", as_csv("202", "child_population", ";", "utf-8-sig")),
    "203": ("a CSV in TCVN3", as_csv("203", "beneficiaries", "\t", "cp1252")),
    "207": ("a zip of CSVs", as_zip("207")),
}


def wrong_total(folder: Path) -> None:
    """A workbook whose row of totals is not the sum of its rows."""
    path = workbook(folder / "205.xlsx", submission("205", JUNE))
    book = openpyxl.load_workbook(path)
    sheet = book["V. Tình hình trẻ em"]
    row = next(row for row in sheet.iter_rows() if row[0].value == "Tổng cộng")
    cell = next(cell for cell in row if isinstance(cell.value, int) and cell.value > 1000)
    cell.value += 1
    book.save(path)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """The place in which an officer files what arrived by mail."""
    folder = tmp_path / "inbox" / OFFICE
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_resubmission_by_hand_that_says_the_same_changes_nothing(
    published: ModuleType, inbox: Path, run_night: Callable[[], int | None]
) -> None:
    for _, write in SAME.values():
        write(inbox)
    wrong_total(inbox)
    release = run_night()
    with published.connect("auditor") as connection:
        loads = connection.execute(
            """
            select reporter_code, form, loads.state, rows_in - rows_loaded
            from ops.loads
            where revision = 2
            """
        ).fetchall()
        verdict = connection.execute(
            "select expectation, message from ops.verdicts where severity = 'critical' and not is_met"
        ).fetchall()
    assert {reporter for reporter, *_ in loads} == {*SAME, "205"}
    for reporter, form, state, refused in loads:
        assert refused == 0, (reporter, form)
        expected = "refused" if (reporter, form) == ("205", "child_population") else "same"
        assert state == expected, (reporter, SAME.get(reporter), form)
    assert release is None
    assert len(verdict) == 1
    assert "declared_totals_differ" in str(verdict[0])


@pytest.fixture
def reference(listed: ModuleType, tmp_path: Path) -> ModuleType:
    """A warehouse in which the package's lists count."""
    (tmp_path / "inbox").mkdir(exist_ok=True)
    return listed


def test_what_was_inferred_is_recorded_with_its_place(reference: ModuleType, inbox: Path) -> None:
    workbook(inbox / "a.xlsx", submission("193", JUNE), Style(without_diacritics, nil="-", serial_days=True))
    assert steps.collect() == ["193"], "the name above the table is enough"
    steps.load("193")
    with reference.connect("auditor") as connection:
        delivery = connection.execute(
            "select reporter_code, period, revision, revision_reason from ops.deliveries where file_name = 'a.xlsx'"
        ).fetchone()
        problems = connection.execute(
            """
            select distinct on (rule) rule, severity, sheet_name, cell, message
            from raw.problems inner join ops.loads using (load_id)
            where form = 'incidents' and sheet_name = 'VU VIEC' order by rule, problem_number
            """
        ).fetchall()
        declared = connection.execute("select declared_totals from ops.loads where form = 'incidents'").fetchone()
    assert delivery == ("193", JUNE, 2, "sua so lieu")
    assert {severity for _, severity, *_ in problems} == {"info"}
    found = {rule: (cell, message) for rule, _, _, cell, message in problems}
    assert found["inferred_code"] == (
        "B12",
        "Ô B12, cột “Địa bàn”: “Thanh pho Ha Long” được hiểu là “Thành phố Hạ Long”.",
    )
    assert found["inferred_zero"][0] == "F12"
    assert "dòng 11, 14: tiêu đề mục" in found["rows_skipped"][1]
    assert declared == ({"cases": 0, "victims": 0, "deaths": 1},)


def test_a_reporter_that_is_named_before_the_lists_are_there(warehouse: ModuleType, inbox: Path) -> None:
    workbook(inbox / "a.xlsx", submission("193", JUNE))
    assert steps.collect() == ["unreadable"]
    with pytest.raises(NoReferenceData, match="`mangnon deploy` delivers the package's lists"):
        steps.load("unreadable")
    lists.deliver_packaged()
    steps.load("unreadable")
    with warehouse.connect("auditor") as connection:
        delivery = "select reporter_code, period, revision from ops.deliveries where file_name = 'a.xlsx'"
        assert connection.execute(delivery).fetchone() == ("193", JUNE, 2)
        states = "select distinct state from ops.loads where reporter_code = '193'"
        assert connection.execute(states).fetchall() == [("loaded",)]


def test_one_wrong_form_of_a_workbook_by_hand_stops_no_other(reference: ModuleType, inbox: Path) -> None:
    path = workbook(inbox / "a.xlsx", submission("193", JUNE))
    workbook(inbox / "b.xlsx", submission("194", JUNE))
    book = openpyxl.load_workbook(path)
    book["VU VIEC"]["B12"] = "Ha Longg"
    book["Biểu 1 - Hoạt động"]["B7"] = "Nơi tổ chức"
    book.save(path)
    for reporter in steps.collect():
        steps.load(reporter)
    with reference.connect("auditor") as connection:
        loads = connection.execute(
            "select reporter_code, form, state, rows_refused from ops.loads where reporter_code <> '_reference'"
        ).fetchall()
        wrong = connection.execute(
            """
            select rule, sheet_name, row_number, field, cell, value
            from raw.problems where severity = 'critical' order by 1
            """
        ).fetchall()
    assert {(reporter, form) for reporter, form, state, _ in loads if state == "refused"} == {("193", "events")}
    assert {(reporter, form) for reporter, form, _, refused in loads if refused} == {("193", "incidents")}
    assert wrong == [
        ("column_missing", "Biểu 1 - Hoạt động", 9, None, None, None),
        ("unknown_code", "VU VIEC", 12, "area", "B12", "Ha Longg"),
    ]
